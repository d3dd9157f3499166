import type { RefusedFragment } from "../generated/graphql.ts";
import { Problem } from "../ui/parts.tsx";

/** What no field of the form is to blame for, and what never reached the server. */
export const Refusals = ({ refused, problem }: { readonly refused: readonly RefusedFragment[]; readonly problem: Error | null }) => (
  <>
    {refused.map(({ code, message }) => (
      <p key={code + message} className="wrong" role="alert">
        {message}
      </p>
    ))}
    {problem !== null && <Problem error={problem} />}
  </>
);
