import { useParams, useSearch } from "@tanstack/react-router";

/** What stands behind the `?` of the address; nobody has checked it. */
export function useAddress<Search extends object>(): Partial<Search> {
  const search: object = useSearch({ strict: false });
  return search;
}

export function useId(): string {
  const params: { readonly id?: string } = useParams({ strict: false });
  return params.id ?? "";
}

export function useName(): string {
  const params: { readonly name?: string } = useParams({ strict: false });
  return params.name ?? "";
}
