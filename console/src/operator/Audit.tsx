import { Link } from "@tanstack/react-router";
import { AuditDocument, type AuditQuery } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { tail, typeName } from "../ui/format.ts";
import { More, usePages } from "../ui/lists.tsx";
import { Ago, Empty, Problem, Skeleton, Sheet, useNow } from "../ui/parts.tsx";

export function Audit() {
  const now = useNow();
  const pages = usePages<NonNullable<AuditQuery["operatorActions"]>["nodes"][number]>("audit");
  const [{ data, error, fetching }, again] = useSteadyQuery({ query: AuditDocument, variables: { after: pages.after }, requestPolicy: "network-only" });
  if (data?.operatorActions == null && pages.after === null)
    return error === undefined ? <Skeleton rows={6} /> : <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />;
  const actions = pages.with(data?.operatorActions?.nodes ?? []);
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Audit</h1>
      </div>
      <Sheet label="What operators did">
        {actions.length === 0 ? (
          <Empty>No operator has acted yet.</Empty>
        ) : (
          <table className="rows stacked" aria-label="What operators did">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">To</th>
                <th scope="col">Note</th>
              </tr>
            </thead>
            <tbody>
              {actions.map((action) => (
                <tr key={action.id}>
                  <td>
                    <Ago at={action.occurredAt} now={now} />
                  </td>
                  <td>{action.by?.fullName ?? "an account that is gone"}</td>
                  <td>
                    <code>{action.action}</code>
                  </td>
                  <td>
                    {action.saga == null ? (
                      <code>{action.target}</code>
                    ) : (
                      <Link to="/console/sagas/$id" params={{ id: action.saga.id }}>
                        {typeName(action.saga.type)} <span className="mono faint">{tail(action.saga.id)}</span>
                      </Link>
                    )}
                  </td>
                  <td>{action.note ?? action.summary}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Sheet>
      <More page={data?.operatorActions?.pageInfo} isBusy={fetching} more={(after) => pages.more(actions, after)} />
    </>
  );
}
