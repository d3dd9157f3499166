import { useEffect, useRef } from "react";
import { type AnyVariables, type CombinedError, type UseQueryArgs, type UseQueryResponse, useQuery } from "urql";

const RETRY_MS = 3_000;

const mayHelp = (error: CombinedError | undefined): boolean =>
  error !== undefined && (error.networkError !== undefined || error.graphQLErrors.some(({ extensions }) => extensions["retryable"] === true));

/** Errors alone: that nothing was answered does not mean that there is nothing. */
const isEmpty = (data: object | null | undefined): boolean => Object.values(data ?? {}).every((value) => value == null);

interface Seen<Data> {
  readonly key: string;
  readonly data: Data;
}

/**
 * `useQuery` of a page that outlives a server that does not answer: what was shown stays, and is asked for again until there is an answer.
 * @param key of what is asked for; what was shown for another is not shown for this one
 */
export function useSteadyQuery<Data extends object, Variables extends AnyVariables>(
  args: UseQueryArgs<Variables, Data>,
  key = JSON.stringify(args.variables),
): UseQueryResponse<Data, Variables> {
  const [state, again] = useQuery(args);
  const seen = useRef<Seen<Data> | null>(null);
  const trouble = useRef<CombinedError | undefined>(undefined);
  const data = state.error !== undefined && isEmpty(state.data) ? undefined : state.data;
  if (data !== undefined && state.error === undefined) seen.current = { key, data };
  // While it is asked for again, it is still the answer that was not given.
  if (!state.fetching || data !== undefined) trouble.current = mayHelp(state.error) ? state.error : undefined;
  const isWaiting = trouble.current !== undefined;
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(() => again({ requestPolicy: "network-only" }), RETRY_MS);
    return () => clearInterval(timer);
  }, [isWaiting]);
  if (isWaiting && data === undefined && seen.current?.key === key) return [{ ...state, data: seen.current.data, error: undefined }, again];
  return [{ ...state, data, error: state.error ?? trouble.current }, again];
}
