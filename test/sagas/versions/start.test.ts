import { silentLog } from "../../../src/kernel/log.ts";
import { SagaEngine, SagaRegistry, type AnySaga } from "../../../src/sagas/engine/index.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { LocalHints } from "../../support/engine.ts";
import { forbiddenContracts, map, pin, safe, type CatalogueEdit, type SafeEdit } from "./catalogue.ts";
import { build, repair } from "./repair.ts";

// Every edit of the catalogue at the start of a process, on a database that knows the first version.

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await start(first);
});
afterAll(() => database.dispose());

const first = build(repair());
const start = (...sagas: readonly AnySaga[]): Promise<void> => {
  const parts = { em: () => database.orm.em.fork(), transaction: database.transaction, hints: new LocalHints(), log: silentLog };
  return new SagaEngine({ ...parts, registry: new SagaRegistry(sagas) }).storeDefinitions();
};
const edited = ({ edit }: CatalogueEdit, version: number): AnySaga => {
  const blueprint = repair();
  edit(blueprint);
  return build({ ...blueprint, version });
};
const each = <E extends CatalogueEdit>(edits: readonly E[]) => edits.map((edit) => [edit.what, edit] as const);
const stored = () => database.sql("select version, shape from saga_definition order by version");

test.each<readonly [string, SafeEdit]>(each(safe))(
  "a process starts with it under the old number, and one of the release before can start again: %s",
  async (_what, edit) => {
    await start(edited(edit, 1));
    if (edit.hasContract !== true) return start(first);
    await expect(start(first)).rejects.toThrow(/is at version 1 of its contract, and messages under way are at version 2/);
    await database.sql("delete from saga_definition");
    await start(first);
  },
);

test.each(each([...pin, ...map, ...forbiddenContracts]))(
  "a process refuses to start with it under the old number, and nothing is stored: %s",
  async (_what, edit) => {
    const before = await stored();
    await expect(start(edited(edit, 1), { ...first, version: 2, definition: { ...first.definition, version: 2 } })).rejects.toThrow(
      /^Repair v1 has another shape than the one sagas have been started with: .+\. (?:Give the changed definition the version 2|A payload may get or lose)/,
    );
    expect(await stored()).toEqual(before);
  },
);
