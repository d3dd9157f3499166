import { Link } from "@tanstack/react-router";
import type { LettersAlikeFragment } from "../generated/graphql.ts";
import { whole } from "../ui/format.ts";
import { Ago } from "../ui/parts.tsx";

export type Group = LettersAlikeFragment;
export const keyOf = ({ queue, message, reason, pattern }: Group): string => `${queue} ${message} ${reason} ${pattern}`;

/** Dead letters that say the same, each with how many died when. */
export function Groups({ groups, chosen, now }: { readonly groups: readonly Group[]; readonly chosen?: Group; readonly now: number }) {
  return (
    <ul className="groups">
      {groups.map((one) => (
        <li key={keyOf(one)}>
          <Link to="/console/dead" search={{ group: keyOf(one) }} aria-current={one === chosen ? "true" : undefined} data-row>
            <code className="bad">{one.reason}</code>
            <b className="num right">{whole(one.count)}</b>
            <span className="clip">{one.example}</span>
            <Deaths values={one.history} />
            <span className="faint">
              <span className="mono">{one.queue}</span> · last <Ago at={one.lastFailedAt} now={now} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

const Deaths = ({ values }: { readonly values: readonly number[] }) => {
  const most = Math.max(...values, 1);
  return (
    <svg className="deaths" viewBox={`0 0 ${values.length * 6} 18`} aria-hidden="true">
      {values.map((value, index) => (
        <rect key={index} x={index * 6} y={18 - (value / most) * 16} width="4" height={Math.max(1, (value / most) * 16)} />
      ))}
    </svg>
  );
};
