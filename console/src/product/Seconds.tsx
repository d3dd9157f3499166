import { duration } from "../ui/format.ts";
import { useNow } from "../ui/parts.tsx";

export function Seconds({ until }: { readonly until: string }) {
  const left = Date.parse(until) - useNow();
  return <>{left < 1_000 ? "Trying again now" : `Trying again in ${duration(Math.round(left / 1_000) * 1_000)}`}</>;
}
