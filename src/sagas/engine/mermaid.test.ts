import { conference } from "../../../test/support/conference.ts";
import { festival } from "../../../test/support/festival.ts";
import { diagramOf, type Diagram, type DiagramState, type DiagramTransition } from "./diagram.ts";
import { mermaidOf } from "./mermaid.ts";
import type { AnySaga } from "./registry.ts";
import { storedShape } from "./shape.ts";

const state = (name: string, more: Partial<DiagramState> = {}): DiagramState => ({
  state: name,
  kind: "STEP",
  command: `${name}Command`,
  queue: null,
  compensation: null,
  goal: false,
  group: null,
  subSaga: null,
  outcomes: [],
  succeeded: null,
  row: 0,
  column: 0,
  ...more,
});
const way = (from: string, to: string, on: readonly string[], more: Partial<DiagramTransition> = {}): DiagramTransition => ({
  from,
  to,
  on,
  kind: "NEXT",
  reason: null,
  interrupt: false,
  ...more,
});
const final = (name: string, succeeded: boolean): DiagramState => state(name, { kind: "FINAL", command: null, succeeded });
const draw = (states: readonly DiagramState[], transitions: readonly DiagramTransition[]): string[] =>
  mermaidOf({ type: "Trip", version: 1, states, transitions } satisfies Diagram)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("classDef"));

test("states and finals have the shapes and colours of their kinds", () => {
  expect(
    draw(
      [
        state("Begun", { kind: "START", command: null }),
        state("Booking"),
        state("Booked", { kind: "MILESTONE", command: null, goal: true }),
        state("Travelling", { kind: "WAIT", command: null }),
        final("Home", true),
        final("Lost", false),
      ],
      [],
    ),
  ).toEqual([
    "flowchart TB",
    'state_Begun(["<b>Begun</b>"])',
    'state_Booking["<b>Booking</b><br/>BookingCommand"]',
    'state_Booked("<b>Booked</b><br/><i>settled</i>")',
    'state_Travelling{{"<b>Travelling</b>"}}',
    'state_Home(["<b>Home</b>"]):::succeeded',
    'state_Lost(["<b>Lost</b>"]):::failed',
  ]);
});

test("a group is drawn around its steps, its undos run together, and a saga that is begun has a border of its own", () => {
  const drawn = (saga: AnySaga): string[] => {
    const { states, transitions } = diagramOf(storedShape(saga.definition).shape);
    return draw(states, transitions);
  };
  const lines = drawn(conference);
  expect(lines.slice(3, 8)).toEqual([
    'subgraph state_PreparingConference ["<b>PreparingConference</b>"]',
    'state_HiringCaterer["<b>HiringCaterer</b><br/>HireCatererCommand"]',
    'state_InvitingSpeakers["<b>InvitingSpeakers</b><br/>InviteSpeakersCommand"]',
    'state_PrintingBadges["<b>PrintingBadges</b><br/>PrintBadgesCommand"]',
    "end",
  ]);
  expect(lines.filter((line) => /-->|-\./.test(line))).toEqual([
    'state_BookingVenue -. "TooLate<br/><i>CalledOff</i>" .-> undo_BookingVenue',
    'state_PreparingConference -. "TooLate<br/><i>CalledOff</i>" .-> undo_HiringCaterer & undo_InvitingSpeakers',
    'state_InvitingSpeakers -. "NoSpeakers" .-> undo_HiringCaterer & undo_InvitingSpeakers',
    'state_Announcing -. "TooLate<br/><i>CalledOff</i>" .-> undo_HiringCaterer & undo_InvitingSpeakers',
    'state_ConferencePlanned -- "ConferencePlannedEvent" --> state_BookingVenue',
    'state_BookingVenue -- "VenueBookedEvent" --> state_PreparingConference',
    'state_PreparingConference -- "all steps ended" --> state_Announcing',
    'state_Announcing -- "AnnouncedEvent" --> state_ConferenceAnnounced',
    'state_Announcing -- "deadline" --> state_PreparingConference',
    "undo_BookingVenue -.-> state_ConferenceDropped",
    "undo_HiringCaterer -.-> undo_BookingVenue",
    "undo_InvitingSpeakers -.-> undo_BookingVenue",
  ]);
  expect(drawn(festival)).toContain('state_HostingConference[["<b>HostingConference</b><br/>Conference"]]');
});

test("a failure leads to the undo of its state or of the one before it, and each undo to the one before; what leads to one end is one arrow", () => {
  const lines = draw(
    [state("A"), state("B", { compensation: "UndoB" }), state("C", { compensation: "UndoC" }), state("D"), final("Good", true), final("Bad", false)],
    [
      way("A", "Bad", ["No"], { kind: "FAIL", reason: "Refused" }),
      way("D", "Bad", ["No", "deadline"], { kind: "FAIL", reason: "Refused" }),
      way("D", "Bad", ["Cancelled"], { kind: "FAIL", reason: "CancelledByUser", interrupt: true }),
      way("D", "Good", ["Answered, yes: true", "Answered, yes: maybe", "deadline"]),
      way("D", "Bad", ["Answered, yes: false"], { kind: "BRANCH", reason: "Declined" }),
      way("B", "Bad", ["undone"], { kind: "UNDO" }),
      way("C", "B", ["undone"], { kind: "UNDO" }),
    ],
  );
  expect(lines.filter((line) => /-->|-\./.test(line))).toEqual([
    'state_A -. "Refused" .-> state_Bad',
    'state_D -. "Refused<br/><i>CancelledByUser</i>" .-> undo_C',
    'state_D -- "Declined" --> state_Bad',
    'state_D -- "Answered, yes: true or maybe<br/>deadline" --> state_Good',
    "undo_B -.-> state_Bad",
    "undo_C -.-> undo_B",
  ]);
  // Closes the rings, so that the undos stand beside what they undo.
  expect(lines.filter((line) => line.includes("~~~"))).toEqual(["state_B ~~~ undo_B", "undo_B ~~~ undo_C"]);
});

test("whatever Mermaid or HTML would misread is written by its number, and no name is a word of Mermaid's own", () => {
  expect(
    draw([state("end", { command: 'a"b<c>#d;`e`[f]{g}|h|\ni💥' }), state("class ü", { command: null })], [way("end", "class ü", ["reached", "--> x"])]),
  ).toEqual([
    "flowchart TB",
    'state_end["<b>end</b><br/>a#34;b#60;c#62;#35;d#59;#96;e#96;#91;f#93;#123;g#125;#124;h#124;#10;i#128165;"]',
    'state_class_32__252_["<b>class #252;</b>"]',
    'state_end -- "#45;#45;#62; x" --> state_class_32__252_',
  ]);
});
