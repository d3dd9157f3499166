import { useEffect, useRef } from "react";
import { type AnyVariables, type UseQueryArgs, type UseQueryResponse, useQuery } from "urql";

const RETRY_MS = 3_000;

/**
 * `useQuery` of a page that outlives a lost connection: what was shown stays while the server cannot be reached, and is asked for again until it
 * can.
 * @param key of what is asked for; what was shown for another is not shown for this one
 */
export function useSteadyQuery<Data, Variables extends AnyVariables>(
  args: UseQueryArgs<Variables, Data>,
  key = JSON.stringify(args.variables),
): UseQueryResponse<Data, Variables> {
  const [state, again] = useQuery(args);
  const last = useRef<{ readonly key: string; readonly data: Data } | null>(null);
  if (state.data !== undefined && state.error === undefined) last.current = { key, data: state.data };
  const isUnreached = state.error?.networkError !== undefined;
  useEffect(() => {
    if (!isUnreached) return;
    const timer = setInterval(() => again({ requestPolicy: "network-only" }), RETRY_MS);
    return () => clearInterval(timer);
  }, [isUnreached]);
  const isKept = isUnreached && state.data === undefined && last.current?.key === key;
  return [isKept ? { ...state, data: last.current?.data, error: undefined } : state, again];
}
