import { account } from "./account.ts";
import { store, useStore, type Store } from "./store.ts";

type Changes = Readonly<Record<string, unknown>>;

const prefixOf = (owner: string | null): string => `draft:${owner ?? "nobody"}:`;

/** What has been changed in forms and not been sent, by key; also of forms that are not shown just now. */
const drafts = new Map<string, Store<Changes>>();

function read(key: string): Changes {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "{}") as Changes;
  } catch {
    return {};
  }
}

function draftAt(key: string): Store<Changes> {
  const known = drafts.get(key) ?? store(read(key));
  drafts.set(key, known);
  return known;
}

function write(key: string, changes: Changes): void {
  draftAt(key).set(changes);
  try {
    if (Object.keys(changes).length === 0) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(changes));
  } catch {
    // More than the browser keeps; this page still has it.
  }
}

addEventListener("storage", ({ key }) => {
  if (key !== null) drafts.get(key)?.set(read(key));
});

/**
 * A form whose fields are those of `base` until they are changed. What is changed outlives a reload, a closed tab and an expired sign-in, on this
 * browser and for the same account, until it has been sent.
 */
export function useDraft<T extends object>(
  name: string,
  base: T,
): readonly [draft: T, change: (change: Partial<T> | ((before: T) => Partial<T>)) => void, clear: () => void] {
  const key = prefixOf(account()) + name;
  const held = draftAt(key);
  const draft = { ...base, ...useStore(held) };
  return [
    draft,
    (change) => write(key, { ...held.get(), ...(typeof change === "function" ? change({ ...base, ...held.get() }) : change) }),
    () => write(key, {}),
  ];
}

const keysOf = (owner: string | null): string[] => Object.keys(localStorage).filter((key) => key.startsWith(prefixOf(owner)));

/** What nobody has written becomes that of whoever signs in. */
export function adoptDrafts(owner: string | null): void {
  for (const key of keysOf(null)) {
    const own = prefixOf(owner) + key.slice(prefixOf(null).length);
    write(own, { ...read(own), ...read(key) });
    write(key, {});
  }
}

export function forgetDrafts(owner: string | null): void {
  for (const key of [...keysOf(owner), ...keysOf(null)]) write(key, {});
}
