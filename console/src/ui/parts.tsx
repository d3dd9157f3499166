import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { ago, exact } from "./format.ts";

/** The time, told anew every so often while the page is looked at. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

export const Ago = ({ at, now }: { readonly at: string; readonly now: number }) => (
  <time dateTime={at} title={exact(at)} className="num">
    {ago(at, now)}
  </time>
);

export function Card({
  title,
  aside,
  children,
  flush = false,
}: {
  readonly title?: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly flush?: boolean;
}) {
  return (
    <section className="card" aria-label={title}>
      {title !== undefined && (
        <div className="card-head">
          <h2>{title}</h2>
          {aside}
        </div>
      )}
      {flush ? (
        <div className="card-flush" role="group" aria-label={title} tabIndex={0}>
          {children}
        </div>
      ) : (
        <div className="card-body">{children}</div>
      )}
    </section>
  );
}

/** A table, which may be wider than its place and is then moved by keys too. */
export const Sheet = ({ label, children }: { readonly label: string; readonly children: ReactNode }) => (
  <section className="card card-flush" aria-label={label} tabIndex={0}>
    {children}
  </section>
);

/** One sentence and perhaps one action, where there is nothing to show. */
export const Empty = ({ children }: { readonly children: ReactNode }) => <div className="empty">{children}</div>;

export function Problem({ error, again }: { readonly error: Error; readonly again?: () => void }) {
  return (
    <div className="problem" role="alert">
      <p>{error.message.replace("[GraphQL] ", "").replace("[Network] ", "The server cannot be reached: ")}</p>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** In the shape of what comes, so that nothing jumps. */
export const Skeleton = ({ rows = 3 }: { readonly rows?: number }) => (
  <div className="skeleton" aria-busy="true" aria-label="Loading">
    {Array.from({ length: rows }, (_, index) => (
      <div key={index} />
    ))}
  </div>
);

export function Copy({ text, label = "Copy" }: { readonly text: string; readonly label?: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      className="quiet"
      onClick={() => void navigator.clipboard.writeText(text).then(() => (setCopied(true), setTimeout(() => setCopied(false), 1_500)))}
    >
      {copied ? "Copied" : label}
    </button>
  );
}

/** The browser's own dialog: it keeps the focus, and Escape closes it. */
export function Dialog({ title, close, children }: { readonly title: string; readonly close: () => void; readonly children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opened = dialog.current;
    opened?.showModal();
    return () => opened?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => (event.preventDefault(), close())}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div className="dialog">
        <div className="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" className="quiet" aria-label="Close" onClick={close}>
            ✕
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

export function Field({
  label,
  error,
  hint,
  children,
}: {
  readonly label: string;
  readonly error?: string | undefined;
  readonly hint?: string | undefined;
  readonly children: (props: { id: string; "aria-invalid": boolean; "aria-describedby": string | undefined }) => ReactNode;
}) {
  const id = useId();
  const described = error !== undefined || hint !== undefined ? `${id}-said` : undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-invalid": error !== undefined, "aria-describedby": described })}
      {described !== undefined && (
        <p id={described} className={error === undefined ? "hint" : "wrong"} role={error === undefined ? undefined : "alert"}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}
