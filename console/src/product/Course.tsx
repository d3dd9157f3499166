import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { CourseDocument, CourseMaterialsDocument, EnrollDocument, type CourseQuery, UnenrollDocument } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useSend } from "../send.ts";
import { useId } from "../ui/address.ts";
import { whole } from "../ui/format.ts";
import { IconFileText } from "../ui/icons.ts";
import { Empty, Problem, Skeleton } from "../ui/parts.tsx";
import { CourseLines, levels, seatsOf } from "./Courses.tsx";
import { Portrait } from "./Portrait.tsx";
import { Outlook, Progress } from "./Progress.tsx";
import { Refusals } from "./Refusals.tsx";
import { SignInFirst } from "./SignInPage.tsx";
import { Heading, useOwnActivity, useVisitor, useZone } from "./Site.tsx";
import { dateOf } from "./when.ts";

type Shown = NonNullable<CourseQuery["course"]>;

const ahead = ["EnrollmentInitiated", "CheckingCapacity", "ConfirmingEnrollment", "EnrollmentConfirmed", "SendingWelcomeEmail", "GrantingAccess"] as const;

export function Course() {
  const id = useId();
  const zone = useZone();
  const visitor = useVisitor();
  const [hasEnrolled, setEnrolled] = useState(false);
  const [{ data, error }, again] = useSteadyQuery({ query: CourseDocument, variables: { id } });
  const reload = (): void => again({ requestPolicy: "network-only" });
  useOwnActivity(reload);
  const course = data?.course;
  if (data === undefined) return error === undefined ? <Skeleton rows={6} /> : <Problem error={error} again={reload} />;
  if (course == null)
    return (
      <>
        <Heading>No such course</Heading>
        <Empty>
          It may have been archived. <Link to="/courses">All courses</Link>
        </Empty>
      </>
    );
  const own = course.viewerEnrollment;
  const others = course.mentor.mentorProfile?.courses.nodes.filter((one) => one.id !== id && one.status === "PUBLISHED") ?? [];
  return (
    <div className="two">
      <div>
        <Heading>{course.title}</Heading>
        <p className="lead">
          {levels[course.level]} · {course.category.name}
        </p>
        <p className="paragraphs">{course.description}</p>
        <section className="card card-body" aria-label="Enrollment">
          <dl className="facts">
            <dt>Mentor</dt>
            <dd className="who small">
              <Portrait user={course.mentor} size={28} />
              <Link to="/mentors/$id" params={{ id: course.mentor.id }}>
                {course.mentor.fullName}
              </Link>
            </dd>
            <dt>Seats</dt>
            <dd className="num">{seatsOf(course)}</dd>
            {course.enrollmentOpensAt != null && (
              <>
                <dt>Opens</dt>
                <dd>{dateOf(course.enrollmentOpensAt, zone)}</dd>
              </>
            )}
            {course.enrollmentClosesAt != null && (
              <>
                <dt>Closes</dt>
                <dd>{dateOf(course.enrollmentClosesAt, zone)}</dd>
              </>
            )}
          </dl>
          {visitor === null ? (
            <SignInFirst>Sign in to enroll</SignInFirst>
          ) : (
            <Enrollment course={course} onEnrolled={() => setEnrolled(true)} reload={reload} />
          )}
        </section>
        {own != null && ["CONFIRMED", "ACTIVE"].includes(own.status) && <Materials courseId={id} status={own.status} />}
        {others.length > 0 && (
          <>
            <h2>Other courses of {course.mentor.fullName}</h2>
            <CourseLines courses={others} ofOne />
          </>
        )}
      </div>
      <aside>
        {own == null ? (
          <Outlook title="What happens when you enroll" states={ahead} />
        ) : (
          <Progress key={own.saga.id} isNew={hasEnrolled} saga={own.saga} title={own.status === "PENDING" ? "Enrolling" : "Your enrollment"} onMove={reload} />
        )}
      </aside>
    </div>
  );
}

function Enrollment({ course, onEnrolled, reload }: { readonly course: Shown; readonly onEnrolled: () => void; readonly reload: () => void }) {
  const enroll = useSend(EnrollDocument);
  const leave = useSend(UnenrollDocument);
  const own = course.viewerEnrollment;
  const isIn = own != null && ["PENDING", "CONFIRMED", "ACTIVE"].includes(own.status);
  return (
    <>
      {isIn ? (
        <button type="button" disabled={leave.isBusy} onClick={() => void leave.send({ id: own.id }).then(reload)}>
          {own.status === "PENDING" ? "Do not enroll after all" : "Leave the course"}
        </button>
      ) : (
        <button
          type="button"
          className="primary"
          disabled={enroll.isBusy}
          onClick={() => void enroll.send({ courseId: course.id }).then((sent) => (sent !== null && onEnrolled(), reload()))}
        >
          {own == null ? "Enroll" : "Enroll again"}
        </button>
      )}
      <Refusals refused={[...enroll.refused, ...leave.refused]} problem={enroll.problem ?? leave.problem} />
    </>
  );
}

function Materials({ courseId, status }: { readonly courseId: string; readonly status: string }) {
  const [{ data, error }] = useSteadyQuery({ query: CourseMaterialsDocument, variables: { id: courseId }, pause: status !== "ACTIVE" });
  const resources = data?.course?.resources;
  return (
    <>
      <h2>Materials</h2>
      {status !== "ACTIVE" && <p className="faint">They are here as soon as the last step is done.</p>}
      {error !== undefined && <Problem error={error} />}
      {resources?.length === 0 && <p className="faint">There are no materials yet.</p>}
      <ul className="lines">
        {resources?.map(({ id, title, fileName, byteSize, downloadUrl }) => (
          <li key={id}>
            <a href={downloadUrl}>
              <IconFileText size={15} aria-hidden /> {title}
            </a>
            <span className="faint">{fileName}</span>
            <span className="num faint">{whole(Math.ceil(byteSize / 1_024))} KiB</span>
          </li>
        ))}
      </ul>
    </>
  );
}
