import { useEffect, useRef } from "react";
import { Dialog } from "../ui/parts.tsx";

/** Second letters after `g`, with where they lead. */
const ways: Readonly<Record<string, readonly [to: string, label: string]>> = {
  o: ["/console", "Overview"],
  s: ["/console/sagas", "Sagas"],
  d: ["/console/dead", "Dead letters"],
  q: ["/console/queues", "Queues"],
  f: ["/console/definitions", "Definitions"],
  w: ["/console/workers", "Workers"],
  a: ["/console/audit", "Audit"],
};

const others: readonly (readonly [keys: string, what: string])[] = [
  ["Ctrl K", "Find any id"],
  ["j k", "Next or previous row"],
  ["Enter", "Open the row"],
  ["x", "Select the row, or no longer"],
  ["[ ]", "Previous or next saga of the list"],
  ["p", "Stop the list, or let it go on"],
  ["t", "Other theme"],
  ["?", "These keys"],
];

interface Doing {
  readonly find: () => void;
  readonly help: () => void;
  readonly go: (to: string) => void;
  readonly toggleTheme: () => void;
}

/** Puts the focus on the next row of the page, or the one before. */
function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by];
  (row?.matches("a") === true ? row : row?.querySelector<HTMLElement>("a"))?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

/** A key that a control of the page, or of the row in focus, has for itself: it says so by `aria-keyshortcuts`. */
function press(key: string): boolean {
  const shortcut = `[aria-keyshortcuts="${CSS.escape(key)}"]`;
  const row = document.activeElement?.closest("[data-row]");
  const control = row?.querySelector<HTMLElement>(shortcut) ?? document.querySelector<HTMLElement>(`${shortcut}:not([data-row] *)`);
  control?.click();
  return control != null;
}

/** Single keys do nothing while something is typed or a dialog is open. */
export function useKeys(doing: Doing): void {
  const latest = useRef(doing);
  latest.current = doing;
  useEffect(() => {
    let before = "";
    const pressed = (event: KeyboardEvent): void => {
      const { find, help, go, toggleTheme } = latest.current;
      const { key } = event;
      if ((event.metaKey || event.ctrlKey) && key === "k") {
        event.preventDefault();
        return find();
      }
      const isTyping = event.target instanceof HTMLElement && event.target.closest("input:not([type=checkbox]), textarea, select, dialog") !== null;
      if (isTyping || event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]") !== null) return;
      const way = before === "g" ? ways[key] : undefined;
      before = key;
      if (way !== undefined) go(way[0]);
      else if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
      else if (key === "t") toggleTheme();
      else if (key === "?") help();
      else if (!press(key)) return;
      event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

export const Help = ({ close }: { readonly close: () => void }) => (
  <Dialog title="Keys" close={close}>
    <dl className="facts keys">
      {[...others, ...Object.entries(ways).map(([key, [, label]]) => [`g ${key}`, label] as const)].map(([keys, what]) => (
        <div key={keys} className="row">
          <dt>
            {keys.split(" ").map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  </Dialog>
);
