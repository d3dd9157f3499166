import { useNavigate } from "@tanstack/react-router";
import { DefinitionsDocument } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { typeName, whole } from "../ui/format.ts";
import { Card, Empty, Problem, Skeleton } from "../ui/parts.tsx";
import { Diagram } from "./Diagram.tsx";

export function Definitions() {
  const [{ data, error }, again] = useSteadyQuery({ query: DefinitionsDocument, requestPolicy: "network-only" });
  const navigate = useNavigate();
  const definitions = data?.sagaDefinitions ?? null;
  if (definitions === null)
    return error === undefined ? <Skeleton rows={8} /> : <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />;
  const live = (type: string): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const one of data?.sagaCounts ?? []) if (one.type === type) counts.set(one.state, (counts.get(one.state) ?? 0) + one.count);
    return counts;
  };
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Definitions</h1>
      </div>
      {definitions.length === 0 && <Empty>No process has been stored yet.</Empty>}
      {definitions.map((definition) => {
        const counts = live(definition.type);
        return (
          <Card
            key={`${definition.type}${definition.version}`}
            title={`${typeName(definition.type)} v${definition.version}`}
            aside={<span className="faint num">{whole([...counts.values()].reduce((sum, count) => sum + count, 0))} sagas</span>}
          >
            <Diagram
              definition={definition}
              saga={null}
              counts={counts}
              select={(state) => void navigate({ to: "/console/sagas", search: { type: definition.type, state } })}
            />
          </Card>
        );
      })}
    </>
  );
}
