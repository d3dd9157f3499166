import { draw, pick } from "./derive.ts";

const latin = [
  "ba",
  "del",
  "fi",
  "gor",
  "hu",
  "jen",
  "ka",
  "lum",
  "mo",
  "nar",
  "ob",
  "pel",
  "qui",
  "rost",
  "sul",
  "tav",
  "ur",
  "vesh",
  "wim",
  "xan",
  "yor",
  "zeb",
] as const;
const arabic = ["با", "تو", "ري", "نم", "ول", "سك"] as const;
const chinese = ["云", "石", "木", "田", "雨", "竹"] as const;

/** A name of invented syllables: no list of names, no person. A few learners of every hundred have other letters, to try fonts and sorting. */
export function nameOf(kind: string, number: number): string {
  const word = (part: string): string =>
    capitalized(Array.from({ length: 2 + Math.floor(draw(kind, number, part) * 2) }, (_, index) => pick(latin, kind, number, part, index)).join(""));
  if (kind !== "learner") return `${word("first")} ${word("last")}`;
  switch (number % 100) {
    case 7:
      return `${word("first")} O'${word("last")}`;
    case 8:
      return `${pick(arabic, number, 1)}${pick(arabic, number, 2)} ${pick(arabic, number, 3)}${pick(arabic, number, 4)}`;
    case 9:
      return `${pick(chinese, number, 1)}${pick(chinese, number, 2)}`;
    case 10:
      return `${word("first")} ${word("last")} 🌱`;
    default:
      return `${word("first")} ${word("last")}`;
  }
}

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** Half hours, quarter hours, both hemispheres, and several without any clock change. */
export const timeZones = [
  "Europe/Lisbon",
  "Europe/Berlin",
  "Europe/Helsinki",
  "America/New_York",
  "America/Los_Angeles",
  "America/St_Johns",
  "America/Sao_Paulo",
  "Africa/Nairobi",
  "Asia/Kolkata",
  "Asia/Tokyo",
  "Australia/Sydney",
  "Pacific/Chatham",
] as const;

/** Name, description and topics of each category. */
export const categories = [
  ["Databases", "Storing data and getting it back.", ["query plans", "transactions", "data modelling"]],
  ["Distributed systems", "Several machines, one result.", ["message queues", "replication", "process managers"]],
  ["Web frontends", "What people see and touch.", ["accessible forms", "rendering", "state on the client"]],
  ["Data analysis", "From numbers to answers.", ["sampling", "charts", "experiments"]],
  ["Security", "Keeping what must be kept.", ["threat modelling", "key management", "secure defaults"]],
  ["Testing", "Knowing that it works.", ["property tests", "test data", "failure injection"]],
  ["Product work", "Finding out what is worth building.", ["interviews", "roadmaps", "pricing"]],
  ["Writing", "Texts that are read to the end.", ["design documents", "release notes", "technical essays"]],
  ["Design", "Form that helps.", ["typography", "colour", "prototypes"]],
  ["Leadership", "Working through others.", ["feedback", "hiring", "planning"]],
  ["Operations", "Keeping it running.", ["incident response", "capacity", "backups"]],
  ["Programming languages", "How programs say what they mean.", ["type systems", "parsers", "garbage collection"]],
] as const;

/** One title per level and topic, so no title comes twice. */
export function titleOf(level: string, topic: string): string {
  if (level === "BEGINNER") return `First steps with ${topic}`;
  return level === "INTERMEDIATE" ? `${capitalized(topic)} in practice` : `${capitalized(topic)} in depth`;
}

interface Shelf {
  readonly name: string;
  readonly description: string;
  readonly topics: readonly string[];
}

/** Beyond those above, the same again with a number. */
export function categoryOf(number: number): Shelf {
  const [name, description, topics] = categories[(number - 1) % categories.length] ?? categories[0];
  const again = Math.floor((number - 1) / categories.length);
  return again === 0
    ? { name, description, topics }
    : { name: `${name} ${again + 1}`, description, topics: topics.map((topic) => `${topic}, part ${again + 1}`) };
}

/** Topics of the categories, then the same again with a number. */
export function expertiseOf(number: number): string {
  const topics = categories.flatMap(([, , list]) => [...list]);
  const again = Math.floor((number - 1) / topics.length);
  return `${capitalized(topics[(number - 1) % topics.length] ?? "")}${again === 0 ? "" : ` ${again + 1}`}`;
}
