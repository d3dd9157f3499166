import { useEffect, useState } from "react";

/** The text of a search field, which is looked for when typing pauses. */
export function useSearchText(sought: string | undefined, seek: (text: string) => void): readonly [text: string, setText: (text: string) => void] {
  const [text, setText] = useState(sought ?? "");
  useEffect(() => {
    if (text.trim() === (sought ?? "")) return;
    const timer = setTimeout(() => seek(text.trim()), 250);
    return () => clearTimeout(timer);
  }, [text]);
  return [text, setText];
}

interface Pages<Row> {
  /** The cursor of the page to ask for. */
  readonly after: string | null;
  /** All pages so far. */
  readonly with: (page: readonly Row[]) => readonly Row[];
  readonly more: (shown: readonly Row[], after: string) => void;
  /** Back to the first. */
  readonly restart: () => void;
}

/** Pages of one list below each other; of another list as soon as something else is wanted. */
export function usePages<Row extends { readonly id: string }>(wanted: string): Pages<Row> {
  const [pages, setPages] = useState<{ readonly wanted: string; readonly before: readonly Row[]; readonly after: string } | null>(null);
  const current = pages?.wanted === wanted ? pages : null;
  return {
    after: current?.after ?? null,
    with: (page) => {
      const before = current?.before ?? [];
      // While the next page is on its way, the last one is still there.
      return [...before, ...page.filter(({ id }) => !before.some((one) => one.id === id))];
    },
    restart: () => setPages(null),
    more: (before, after) => setPages({ wanted, before, after }),
  };
}

export const More = ({
  page,
  isBusy,
  more,
}: {
  readonly page: { readonly hasNextPage: boolean; readonly endCursor?: string | null } | undefined;
  readonly isBusy: boolean;
  readonly more: (after: string) => void;
}) =>
  page?.hasNextPage === true && page.endCursor != null ? (
    <p className="center">
      <button type="button" disabled={isBusy} onClick={() => more(page.endCursor ?? "")}>
        Show more
      </button>
    </p>
  ) : null;
