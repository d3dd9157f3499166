import { courseCount, idInSql } from "./population.ts";

/**
 * The rows that the five steps of an enrollment write, on the real tables with the same keys and constraints, and nothing else.
 * `number` is an expression of type int: whose enrollment it is.
 */
export function stepsInSql(number: string): readonly [string, string, string, string, string] {
  const [enrollment, course, learner] = [idInSql(5, number), idInSql(2, `${number} % ${courseCount}`), idInSql(1, number)];
  return [
    // Claim a seat.
    `with seat as (update course set seats_taken = seats_taken + 1 where id = ${course} and seats_taken < capacity returning id)
     update course_enrollment set seat_held = true, updated_at = now() where id = ${enrollment} and course_id in (select id from seat)`,
    // Confirm.
    `update course_enrollment set confirmed_at = now(), status = 'CONFIRMED', updated_at = now() where id = ${enrollment}`,
    // Send the welcome: no mail, its record.
    `insert into mail_message (id, dedupe_key, template, recipient_id, about_id, subject, state, message_id_header, sent_at)
     values (gen_random_uuid(), 'welcome:' || (${number})::text, 'COURSE_WELCOME', ${learner}, ${enrollment}, 'Welcome', 'SENT', '<welcome>', now())`,
    // Grant access.
    `update course_enrollment set access_granted_at = now(), access_grant_id = gen_random_uuid(), updated_at = now() where id = ${enrollment}`,
    // Complete.
    `update course_enrollment set status = 'ACTIVE', updated_at = now() where id = ${enrollment}`,
  ];
}

/** Enrolls learners: `numbers` is a query of one column of type int. */
export const enrollInSql = (numbers: string): string =>
  `insert into course_enrollment (id, course_id, learner_id, status)
   select ${idInSql(5, "n")}, ${idInSql(2, `n % ${courseCount}`)}, ${idInSql(1, "n")}, 'PENDING' from (${numbers}) as learner(n)`;
