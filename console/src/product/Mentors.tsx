import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";

import { MentorsDocument, type MentorsQuery } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useAddress } from "../ui/address.ts";
import { Empty, Problem, Skeleton } from "../ui/parts.tsx";
import { Portrait } from "./Portrait.tsx";
import { More, usePages, useSearchText } from "../ui/lists.tsx";
import { Heading, useZone } from "./Site.tsx";
import { dayAndTime, daysAhead } from "./when.ts";

interface Search {
  readonly q?: string;
  readonly expertise?: string;
  readonly days?: number;
}
type Mentor = MentorsQuery["mentors"]["nodes"][number];

export function Mentors() {
  const search = useAddress<Search>();
  const navigate = useNavigate();
  const go = (change: Partial<Search>): void =>
    void navigate({
      to: "/",
      replace: true,
      search: Object.fromEntries(Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined && value !== "")),
    });
  const [text, setText] = useSearchText(search.q, (q) => go({ q }));

  const days = search.days ?? 7;
  const filter = { text: search.q, expertiseIds: search.expertise === undefined ? undefined : [search.expertise] };
  const pages = usePages<Mentor>(JSON.stringify([filter, days]));
  const open = useMemo(() => daysAhead(days), [days]);
  const [{ data, error, fetching }, again] = useSteadyQuery({
    query: MentorsDocument,
    variables: { ...open, filter: { ...filter, openFrom: open.from, openTo: open.to }, after: pages.after },
  });
  const zone = useZone();
  const mentors = pages.with(data?.mentors.nodes ?? []);
  return (
    <>
      <Heading>Find a mentor</Heading>
      <p className="lead">Book an hour with somebody who has done it. Everybody here has an open time.</p>
      <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>
          Name or subject
          <input type="search" value={text} placeholder="Query plans" onChange={(event) => setText(event.target.value)} />
        </label>
        <label>
          Expertise
          <select value={search.expertise ?? ""} onChange={(event) => go({ expertise: event.target.value })}>
            <option value="">Any</option>
            {data?.expertises.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Open within
          <select value={days} onChange={(event) => go({ days: Number(event.target.value) })}>
            <option value={7}>a week</option>
            <option value={14}>two weeks</option>
            <option value={30}>a month</option>
          </select>
        </label>
      </form>
      {error !== undefined && <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />}
      {data === undefined && fetching && <Skeleton rows={6} />}
      {data !== undefined && mentors.length === 0 && (
        <Empty>
          No mentor fits who has an open time within {days} days.{" "}
          {days < 30 && (
            <button type="button" onClick={() => go({ days: 30 })}>
              Look further ahead
            </button>
          )}{" "}
          {(search.q !== undefined || search.expertise !== undefined) && (
            <button type="button" onClick={() => (setText(""), go({ q: undefined, expertise: undefined }))}>
              Clear filters
            </button>
          )}
        </Empty>
      )}
      <ul className="people">
        {mentors.map((mentor) => {
          const profile = mentor.mentorProfile;
          const [next] = profile?.schedules ?? [];
          return (
            <li key={mentor.id} className="card">
              <Portrait user={mentor} />
              <div>
                <h2>
                  <Link to="/mentors/$id" params={{ id: mentor.id }}>
                    {mentor.fullName}
                  </Link>
                </h2>
                {profile?.headline != null && <p>{profile.headline}</p>}
                <p className="tags">
                  {profile?.expertises.slice(0, 4).map(({ id, name }) => (
                    <span key={id}>{name}</span>
                  ))}
                </p>
                {next !== undefined && <p className="faint">Next open time: {dayAndTime(next.startTime, zone)}</p>}
              </div>
            </li>
          );
        })}
      </ul>
      <More page={data?.mentors.pageInfo} isBusy={fetching} more={(after) => pages.more(mentors, after)} />
    </>
  );
}
