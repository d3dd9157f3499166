import { store } from "./store.ts";

/** Null: nobody is signed in. Undefined: not known yet. */
export const accessToken = store<string | null | undefined>(undefined);

/** Whom a token is for. */
export function subjectOf(token: string | null | undefined): string | null {
  try {
    const [, payload = ""] = token?.split(".") ?? [];
    return (JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as { sub?: string }).sub ?? null;
  } catch {
    return null;
  }
}

/** Whose page it is; null: nobody's. */
export const account = (): string | null => subjectOf(accessToken.get());
