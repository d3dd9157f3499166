import { useState } from "react";

const prefix = "draft:";
const owner = "drafts-of";

const read = (name: string): unknown => {
  try {
    return JSON.parse(localStorage.getItem(prefix + name) ?? "null");
  } catch {
    return null;
  }
};

/** What is typed outlives a reload, a closed tab and an expired sign-in, on this browser, until it has been sent. */
export function useDraft<T extends object>(
  name: string,
  empty: T,
): readonly [draft: T, change: (change: Partial<T> | ((before: T) => Partial<T>)) => void, clear: (next?: T) => void] {
  const [draft, setDraft] = useState<T>(() => ({ ...empty, ...(read(name) as Partial<T> | null) }));
  return [
    draft,
    (change) =>
      setDraft((before) => {
        const after = { ...before, ...(typeof change === "function" ? change(before) : change) };
        localStorage.setItem(prefix + name, JSON.stringify(after));
        return after;
      }),
    (next = empty) => {
      localStorage.removeItem(prefix + name);
      setDraft(next);
    },
  ];
}

export function clearDrafts(): void {
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
  localStorage.removeItem(owner);
}

/** Drafts of nobody become those of the first who signs in; those of somebody else go. */
export function claimDrafts(email: string): void {
  const before = localStorage.getItem(owner);
  if (before !== null && before !== email) clearDrafts();
  localStorage.setItem(owner, email);
}
