import * as m from "../domain/course-enrollment/course-enrollment.messages.ts";
import { occur, type EventMessage } from "../outbox/index.ts";
import { courseEnrollment } from "../sagas/course-enrollment.ts";
import { trouble, type SagaRegistry } from "../sagas/engine/index.ts";
import { FULL_COURSE, seatsFor, type MadeCourse } from "./catalogue.ts";
import { Chance, zipfShares } from "./chance.ts";
import type { Row } from "./copy.ts";
import { Life } from "./life.ts";
import { DAY_MS, type Person } from "./people.ts";
import type { Profile } from "./profiles.ts";

/** How an enrollment went. */
const endings = ["active", "full", "closed", "cancelled", "accessRefused", "timedOut", "stuck"] as const;
type Ending = (typeof endings)[number];

interface PlannedEnrollment {
  readonly number: number;
  readonly course: MadeCourse;
  readonly learner: Person;
  readonly ending: Ending;
}

/**
 * Who enrolled where, and how it went. Places are given out by popularity, after Zipf, and never more than there are; a few attempts have
 * failed, each in another way.
 */
export function planEnrollments(profile: Profile, courses: readonly MadeCourse[], learners: readonly Person[]): PlannedEnrollment[] {
  const isSpecial = profile.courses > FULL_COURSE;
  // The first is in no course: who tries the API enrolls as that one.
  const [, ...others] = learners.filter(({ active }) => active);
  const failed = Math.floor(profile.enrollments * 0.06);
  const shares = zipfShares(profile.enrollments - failed, courses.length, (rank) => {
    const course = courses[rank];
    return course === undefined ? 0 : Math.min(seatsFor(course, isSpecial), others.length - failed);
  });
  const planned: PlannedEnrollment[] = [];
  const add = (course: MadeCourse | undefined, learner: Person | undefined, ending: Ending): void => {
    if (course !== undefined && learner !== undefined) planned.push({ number: planned.length + 1, course, learner, ending });
  };
  // Learners come one after the other through the courses, so that nobody is twice in one.
  let turn = 0;
  const nextLearner = (): Person | undefined => others[turn++ % others.length];
  for (const [rank, share] of shares.entries()) for (let count = 0; count < share; count++) add(courses[rank], nextLearner(), "active");
  // Who failed is not in the course; the full one is asked for most.
  for (let count = 0; count < failed; count++) {
    const ending = endings[1 + (count % (endings.length - 1))] ?? "full";
    const isStuck = ending === "stuck" && count > endings.length;
    const course = ending === "full" && isSpecial ? courses[FULL_COURSE - 1] : courses[(count * 7) % courses.length];
    add(course, nextLearner(), isStuck ? "full" : ending);
  }
  return withoutDoubles(planned);
}

/** At most one open enrollment of a learner in a course. */
function withoutDoubles(planned: readonly PlannedEnrollment[]): PlannedEnrollment[] {
  const open = new Set<string>();
  return planned.filter(({ course, learner, ending }) => {
    const key = `${course.id} ${learner.id}`;
    if (open.has(key)) return false;
    if (ending === "active" || ending === "stuck") open.add(key);
    return true;
  });
}

export const holdsSeat = ({ ending }: Pick<PlannedEnrollment, "ending">): boolean => ending === "active" || ending === "stuck";

/** An enrollment with the saga that brought it where it is. */
export function liveEnrollment({ number, course, learner, ending }: PlannedEnrollment, registry: SagaRegistry, today: Date) {
  const chance = new Chance("enrollment", number);
  const latest = Math.min(today.getTime(), course.closesAt?.getTime() ?? Infinity) - DAY_MS;
  const enrolledAt = new Date(latest - chance.below(60 * DAY_MS));
  const id = chance.id(enrolledAt);
  const grantId = chance.id(enrolledAt);
  const answers: Record<string, EventMessage> = {
    CheckCourseCapacityCommand: occur(m.CourseCapacityCheckedEvent, {
      enrollmentId: id,
      hasCapacity: true,
      ...(course.capacity !== null && { capacity: course.capacity }),
    }),
    ReleaseSeatCommand: occur(m.SeatReleasedEvent, { enrollmentId: id }),
    ConfirmEnrollmentCommand: occur(m.EnrollmentConfirmedEvent, { enrollmentId: id, confirmedAt: enrolledAt }),
    CancelEnrollmentCommand: occur(m.EnrollmentCancelledEvent, { enrollmentId: id }),
    SendWelcomeEmailCommand: occur(m.WelcomeEmailSentEvent, { enrollmentId: id, deliveryId: chance.id(enrolledAt) }),
    WithdrawWelcomeEmailCommand: occur(m.WelcomeEmailWithdrawnEvent, { enrollmentId: id }),
    GrantCourseAccessCommand: occur(m.CourseAccessGrantedEvent, { enrollmentId: id, grantId }),
    RevokeCourseAccessCommand: occur(m.CourseAccessRevokedEvent, { enrollmentId: id }),
  };
  const answerTo = (command: string): EventMessage => answers[command] ?? occur(m.SeatReleasedEvent, { enrollmentId: id });
  const life = new Life(
    registry,
    courseEnrollment,
    occur(m.CourseEnrolledEvent, { enrollmentId: id, courseId: course.id, userId: learner.id }),
    enrolledAt,
    chance,
  );
  const step = (): Life => life.answer(answerTo(life.saga.newest().command.name));
  if (ending === "full") life.answer(occur(m.CourseCapacityCheckedEvent, { enrollmentId: id, hasCapacity: false, capacity: course.capacity ?? 20 }));
  else {
    step();
    if (ending === "closed") life.answer(occur(m.EnrollmentRefusedEvent, { enrollmentId: id, reason: "The course does not take enrollments any more." }));
    else if (ending === "timedOut") life.saga.timedOut();
    else if (ending === "cancelled") life.after(2_000).happen(occur(m.EnrollmentCancellationRequestedEvent, { enrollmentId: id, byUserId: learner.id }));
    else {
      step();
      step();
      if (ending === "accessRefused") life.answer(occur(m.CourseAccessRefusedEvent, { enrollmentId: id, reason: "The course was archived meanwhile." }));
      else if (ending === "stuck")
        while (life.saga.instance.status !== "STUCK")
          life.after(3_000).saga.failed(trouble({ code: "INTERNAL", message: "column access_tier does not exist", detail: "made up" }));
      else step();
    }
  }
  life.settle(answerTo);
  const { instance, now } = life.saga;
  const status = ending === "stuck" ? "CONFIRMED" : courseEnrollment.definition.reflect?.statusOf(instance.state, instance.reason);
  const isOpen = holdsSeat({ ending });
  const entity: Row = {
    id,
    course_id: course.id,
    learner_id: learner.id,
    status,
    seat_held: isOpen,
    ...(instance.finishedAt !== null && { failure_code: instance.reasonCode, failure_message: instance.reasonMessage, failure_at: instance.reasonAt }),
    enrolled_at: enrolledAt,
    confirmed_at: isOpen ? enrolledAt : null,
    access_granted_at: ending === "active" ? now : null,
    access_grant_id: ending === "active" ? grantId : null,
    created_at: enrolledAt,
    updated_at: now,
  };
  return { entity, past: life.rows() };
}
