import { Link, useNavigate } from "@tanstack/react-router";

import { type CourseLevel, type CourseLineFragment, CoursesDocument } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useAddress } from "../ui/address.ts";
import { whole } from "../ui/format.ts";
import { Empty, Problem, Skeleton } from "../ui/parts.tsx";
import { More, usePages, useSearchText } from "../ui/lists.tsx";
import { Heading } from "./Site.tsx";

interface Search {
  readonly q?: string;
  readonly category?: string;
  readonly level?: CourseLevel;
  readonly all?: boolean;
}

export const levels: Readonly<Record<CourseLevel, string>> = { BEGINNER: "For beginners", INTERMEDIATE: "Intermediate", ADVANCED: "Advanced" };

export const seatsOf = ({ capacity, seatsTaken }: CourseLineFragment): string =>
  capacity == null ? "Seats for everybody" : seatsTaken >= capacity ? "No seat left" : `${whole(capacity - seatsTaken)} of ${whole(capacity)} seats left`;

/** @param ofOne all are the same mentor's, whose name the page has said */
export const CourseLines = ({ courses, ofOne = false }: { readonly courses: readonly CourseLineFragment[]; readonly ofOne?: boolean }) => (
  <ul className="lines">
    {courses.map((course) => (
      <li key={course.id}>
        <Link to="/courses/$id" params={{ id: course.id }}>
          {course.title}
        </Link>
        <span className="faint">
          {levels[course.level]} · {course.category.name}
          {!ofOne && ` · ${course.mentor.fullName}`}
        </span>
        <span className="num faint">{seatsOf(course)}</span>
      </li>
    ))}
  </ul>
);

export function Courses() {
  const search = useAddress<Search>();
  const navigate = useNavigate();
  const go = (change: Partial<Record<keyof Search, unknown>>): void =>
    void navigate({
      to: "/courses",
      replace: true,
      search: Object.fromEntries(Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined && value !== "")),
    });
  const [text, setText] = useSearchText(search.q, (q) => go({ q }));
  const filter = {
    text: search.q,
    categoryId: search.category,
    level: search.level,
    status: ["PUBLISHED" as const],
    ...(search.all === true ? {} : { openForEnrollment: true }),
  };
  const pages = usePages<CourseLineFragment>(JSON.stringify(filter));
  const [{ data, error, fetching }, again] = useSteadyQuery({ query: CoursesDocument, variables: { filter, after: pages.after } });
  const courses = pages.with(data?.courses.nodes ?? []);
  return (
    <>
      <Heading>Courses</Heading>
      <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>
          Title or text
          <input type="search" value={text} onChange={(event) => setText(event.target.value)} />
        </label>
        <label>
          Category
          <select value={search.category ?? ""} onChange={(event) => go({ category: event.target.value })}>
            <option value="">Any</option>
            {data?.categories.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Level
          <select value={search.level ?? ""} onChange={(event) => go({ level: event.target.value })}>
            <option value="">Any</option>
            {Object.entries(levels).map(([level, label]) => (
              <option key={level} value={level}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label className="choice">
          <input type="checkbox" checked={search.all === true} onChange={(event) => go({ all: event.target.checked ? true : undefined })} /> also those that are
          closed
        </label>
      </form>
      {error !== undefined && <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />}
      {data === undefined && fetching && <Skeleton rows={8} />}
      {data !== undefined && courses.length === 0 && (
        <Empty>
          No course fits.{" "}
          <button type="button" onClick={() => (setText(""), void navigate({ to: "/courses", search: {} }))}>
            Clear filters
          </button>
        </Empty>
      )}
      {courses.length > 0 && (
        <div className="card">
          <CourseLines courses={courses} />
        </div>
      )}
      <More page={data?.courses.pageInfo} isBusy={fetching} more={(after) => pages.more(courses, after)} />
    </>
  );
}
