import type { EntityManager } from "@mikro-orm/postgresql";
import { query } from "../../outbox/index.ts";
import type { Definition, Reflect } from "./compiled.ts";
import { DefinitionError } from "./registry.ts";

const columnsOf = ({ statusColumn, reasonColumns: prefix }: Reflect): string[] => [
  "id",
  statusColumn,
  "updated_at",
  ...(prefix === null ? [] : [`${prefix}_code`, `${prefix}_message`, `${prefix}_at`]),
];

/**
 * Looks whether the database has the tables and columns that sagas reflect on: without them a saga stands as soon as its status is to be written.
 *
 * @throws {DefinitionError} with every table, and every column, that is not there
 */
export async function checkReflected(em: EntityManager, definitions: readonly Definition[]): Promise<void> {
  const tables = definitions.flatMap(({ reflect }) => reflect?.table ?? []);
  const rows = await query<{ name: string; columns: string[] }>(
    em,
    `select name, array(select attname::text from pg_attribute where attrelid = to_regclass(name) and attnum > 0 and not attisdropped) as columns
     from unnest($1::text[]) as name where to_regclass(name) is not null`,
    [tables],
  );
  const found = new Map(rows.map(({ name, columns }) => [name, columns]));
  const problems = definitions.flatMap(({ name, version, reflect }) => {
    if (reflect === null) return [];
    const columns = found.get(reflect.table);
    const told = `${name} v${version} reflects on the table ${reflect.table}, which`;
    if (columns === undefined) return [`${told} is not there. Make it by a migration.`];
    const missing = columnsOf(reflect).filter((column) => !columns.includes(column));
    return missing.length === 0 ? [] : [`${told} has no ${missing.join(", ")}. Add what is missing by a migration.`];
  });
  if (problems.length > 0) throw new DefinitionError(problems);
}
