import { settings, type Setting } from "../src/config.ts";

const rows = Object.values(settings) as Setting[];

/** The text of `.env.example`: every setting, commented out, with its meaning. */
export function environmentExample(): string {
  const head = "# Copy to .env and uncomment what should differ. Written from the table in src/config.ts by `npm run codegen`.\n";
  const entries = rows.map((row) => {
    const unit = row.unit === null ? "" : `, in ${row.unit}`;
    return `# ${row.meaning}\n# Accepts ${row.expected}${unit}.\n# ${row.name}=${quoted(row.example)}\n`;
  });
  return [head, ...entries].join("\n");
}

const quoted = (value: string): string => (/[\s#<>"']/.test(value) ? JSON.stringify(value) : value);

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  const lines = rows.map(
    (row) =>
      `| \`${row.name}\` | ${row.fallback === null ? "unset" : `\`${row.fallback}\``}${row.unit === null ? "" : ` ${row.unit}`} | ${row.expected} | ${row.meaning} |`,
  );
  return `# Configuration

Written from the table in \`src/config.ts\` by \`npm run codegen\`; do not edit it here.

Settings are environment variables. A file \`.env\` in the working directory is read too; the environment wins over it. An empty value
counts as unset. All problems are reported at once, before anything is started.

| Variable | Default | Accepts | Meaning |
|---|---|---|---|
${lines.join("\n")}
`;
}
