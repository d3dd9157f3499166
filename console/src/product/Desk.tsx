import { Link } from "@tanstack/react-router";

import { type ApplicationRequestStatus, type BackgroundCheckStatus, DeskDocument, type DeskQuery } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useAddress } from "../ui/address.ts";
import { ago } from "../ui/format.ts";
import { Empty, Problem, Skeleton, useNow } from "../ui/parts.tsx";
import { More, usePages } from "../ui/lists.tsx";
import { Portrait } from "./Portrait.tsx";
import { Heading, SignedIn } from "./Site.tsx";
import { untilOf } from "./when.ts";

type Row = NonNullable<DeskQuery["applicationRequests"]>["nodes"][number];

export const statusWords: Readonly<Record<ApplicationRequestStatus, string>> = {
  PENDING: "Being checked",
  UNDER_REVIEW: "To be decided",
  INFO_REQUESTED: "Waiting for the applicant",
  APPROVED: "Approved",
  REJECTED: "Rejected",
  WITHDRAWN: "Withdrawn",
};
export const checkWords: Readonly<Record<BackgroundCheckStatus, string>> = {
  REQUESTED: "Asked",
  CLEAR: "Clear",
  CONSIDER: "Something to consider",
  FAILED: "Failed",
};

export const Desk = () => (
  <>
    <Heading>Review desk</Heading>
    <SignedIn why="Sign in as a reviewer.">{() => <Applications />}</SignedIn>
  </>
);

function Applications() {
  const { all = false } = useAddress<{ all: boolean }>();
  const now = useNow(10_000);
  const pages = usePages<Row>(String(all));
  const [{ data, error, fetching }, again] = useSteadyQuery({
    query: DeskDocument,
    variables: { filter: all ? {} : { status: ["UNDER_REVIEW" as const] }, after: pages.after },
  });
  const rows = pages.with(data?.applicationRequests?.nodes ?? []);
  return (
    <>
      <nav className="chips" aria-label="Which">
        <Link to="/desk" className="chip" activeOptions={{ exact: true, includeSearch: true }} search={{}}>
          To be decided
        </Link>
        <Link to="/desk" className="chip" activeOptions={{ exact: true, includeSearch: true }} search={{ all: true }}>
          All of yours
        </Link>
        <button type="button" onClick={() => again({ requestPolicy: "network-only" })}>
          Look again
        </button>
      </nav>
      {data?.applicationRequests == null && (error === undefined ? <Skeleton rows={5} /> : <Problem error={error} />)}
      {data?.applicationRequests != null && rows.length === 0 && <Empty>Nothing to review.</Empty>}
      {rows.length > 0 && (
        <div className="card">
          <ul className="lines">
            {rows.map(({ id, status, submittedAt, applicant, backgroundCheck, saga }) => (
              <li key={id}>
                <span className="who small">
                  <Portrait user={applicant} size={28} />
                  <Link to="/desk/$id" params={{ id }}>
                    {applicant.fullName}
                  </Link>
                </span>
                <span className="faint">
                  sent {ago(submittedAt, now)}
                  {backgroundCheck != null && ` · background check: ${checkWords[backgroundCheck.status].toLowerCase()}`}
                </span>
                <span>
                  {statusWords[status]}
                  {status === "UNDER_REVIEW" && saga.deadlineAt != null && <span className="faint"> within {untilOf(saga.deadlineAt, now)}</span>}
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
      <More page={data?.applicationRequests?.pageInfo} isBusy={fetching} more={(after) => pages.more(rows, after)} />
    </>
  );
}
