import { editsBetween, type EditClass } from "../../../src/sagas/engine/diff.ts";
import { storedShape } from "../../../src/sagas/engine/shape.ts";
import { forbiddenContracts, map, pin, safe, type CatalogueEdit } from "./catalogue.ts";
import { forbiddenReleases, nonsense } from "./releases.ts";
import { build, repair } from "./repair.ts";

const TABLE = /(<!-- catalogue -->\n)[^]*?(?=<!-- end of the catalogue -->)/;

/** A page with the table of the catalogue as it is now. */
export const withCatalogue = (page: string): string => page.replace(TABLE, (_table, head: string) => `${head}${catalogueTable()}\n`);

function catalogueTable(): string {
  const before = storedShape(build(repair()).definition).shape;
  const found = ({ edit }: CatalogueEdit): string => {
    const blueprint = repair();
    edit(blueprint);
    const edits = editsBetween(before, storedShape(build(blueprint).definition).shape);
    return edits.length === 0 ? "nothing that belongs to the shape" : edits.map(({ place, what }) => `${place} ${what}`).join("; ");
  };
  const rows = (of: EditClass, edits: readonly CatalogueEdit[]): string[] =>
    edits.map((edit) => `| ${edit.what} | ${of} | ${found(edit).replaceAll("|", "\\|")} |`);
  return [
    "",
    "| Edit | Class | What is found |",
    "|---|---|---|",
    ...rows("safe", safe),
    ...rows("pin", pin),
    ...rows("map", map),
    ...rows("forbidden", forbiddenContracts),
    ...[...forbiddenReleases, ...nonsense].map(({ what, finds }) => `| ${what} | forbidden | ${finds} |`),
    "",
  ].join("\n");
}
