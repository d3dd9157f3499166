import { editsBetween, type EditClass } from "../../../src/sagas/engine/diff.ts";
import { storedShape, type DefinitionShape } from "../../../src/sagas/engine/shape.ts";
import { forbiddenContracts, map, pin, safe, type CatalogueEdit } from "./catalogue.ts";
import { groupEdits } from "./group-edits.ts";
import { forbiddenReleases, nonsense } from "./releases.ts";
import { build, repair, type Blueprint } from "./repair.ts";

const TABLE = /(<!-- catalogue -->\n)[^]*?(?=<!-- end of the catalogue -->)/;

/** A page with the table of the catalogue as it is now. */
export const withCatalogue = (page: string): string => page.replace(TABLE, (_table, head: string) => `${head}${catalogueTable()}\n`);

function catalogueTable(): string {
  const found = (before: Blueprint, now: Blueprint): string => {
    const [was, is] = [before, now].map((one) => storedShape(build(one).definition).shape) as [DefinitionShape, DefinitionShape];
    const edits = editsBetween(was, is);
    return edits.length === 0 ? "nothing that belongs to the shape" : edits.map(({ place, what }) => `${place} ${what}`).join("; ");
  };
  const row = (what: string, of: EditClass, before: Blueprint, now: Blueprint): string => `| ${what} | ${of} | ${found(before, now).replaceAll("|", "\\|")} |`;
  const rows = (of: EditClass, edits: readonly CatalogueEdit[]): string[] =>
    edits.map(({ what, edit }) => {
      const now = repair();
      edit(now);
      return row(what, of, repair(), now);
    });
  const groupRows = (of: EditClass): string[] => groupEdits.filter((edit) => edit.class === of).map(({ what, before, now }) => row(what, of, before, now));
  return [
    "",
    "| Edit | Class | What is found |",
    "|---|---|---|",
    ...rows("safe", safe),
    ...rows("pin", pin),
    ...groupRows("pin"),
    ...rows("map", map),
    ...groupRows("map"),
    ...rows("forbidden", forbiddenContracts),
    ...[...forbiddenReleases, ...nonsense].map(({ what, finds }) => `| ${what} | forbidden | ${finds} |`),
    "",
  ].join("\n");
}
