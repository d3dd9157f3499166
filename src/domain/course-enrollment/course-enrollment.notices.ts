import type { EntityManager } from "@mikro-orm/postgresql";
import { query } from "../../outbox/index.ts";
import { notify } from "../notifications/notify.ts";

const PROCESS = "CourseEnrollment";

interface Facts {
  readonly courseTitle: string;
  /** Why the process of the enrollment has failed, in its words; null while it has not. */
  readonly reason: string | null;
}

/** Tells learners that a course is open to them, once per enrollment. */
export const tellOpen = (em: EntityManager, enrollmentIds: readonly string[]): Promise<void> =>
  tell(em, enrollmentIds, "open", ({ courseTitle }) => ({
    title: `You are enrolled in ${courseTitle}`,
    message: `You find the materials on the page of the course “${courseTitle}”.`,
  }));

/**
 * Tells learners that an enrollment came to nothing, once per enrollment.
 *
 * @param why by enrollment; left out: what its process says
 */
export const tellEnded = (em: EntityManager, enrollmentIds: readonly string[], why: ReadonlyMap<string, string> = new Map()): Promise<void> =>
  tell(em, enrollmentIds, "ended", ({ courseTitle, reason }, id) => ({
    title: `You are not enrolled in ${courseTitle}`,
    message: why.get(id) ?? reason ?? "The enrollment has ended.",
  }));

async function tell(
  em: EntityManager,
  enrollmentIds: readonly string[],
  what: "open" | "ended",
  write: (facts: Facts, id: string) => { title: string; message: string },
): Promise<void> {
  if (enrollmentIds.length === 0) return;
  const rows = await query<Facts & { id: string; learnerId: string }>(
    em,
    `select e.id, e.learner_id as "learnerId", c.title as "courseTitle", s.reason_message as reason
     from course_enrollment e join course c on c.id = e.course_id left join saga s on s.type = $2 and s.subject_id = e.id where e.id = any($1::uuid[])`,
    [enrollmentIds, PROCESS],
  );
  await notify(
    em,
    rows.map(({ id, learnerId, ...facts }) => ({
      userId: learnerId,
      ...write(facts, id),
      about: { sagaType: PROCESS, subjectId: id },
      dedupeKey: `enrollment:${id}:${what}`,
    })),
  );
}
