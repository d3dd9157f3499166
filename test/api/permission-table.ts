/**
 * Who gets what, as data. A field that the schema closes to somebody, or a root field, that is not in here fails the test, and so does a
 * row for a field that is not there any more.
 */

/**
 * The learner has an enrollment in a course of the mentor, a session with the mentor, and an application that the reviewer reads. The others
 * hold the same roles and have nothing to do with any of it.
 */
export const callers = ["anonymous", "learner", "mentor", "reviewer", "otherLearner", "otherMentor", "otherReviewer", "operator", "admin"] as const;
export type CallerName = (typeof callers)[number];

/** Things of the learner, the mentor and the reviewer that a row may be about. */
export const things = [
  "learner",
  "course",
  "draft",
  "slot",
  "openSlot",
  "session",
  "enrollment",
  "application",
  "withdrawn",
  "saga",
  "resource",
  "notification",
] as const;
export type Thing = (typeof things)[number];

export interface Row {
  /** The type and the field. */
  readonly field: string;
  /** With `$id` for the id of the thing, and `$key` for a key that was never used. */
  readonly document: string;
  readonly about?: Thing;
  /**
   * What each caller is told, in the order of `callers`: `ok`; `null` for what does not exist for the caller; the code of the error, or of the
   * first user error. A mutation that is allowed is refused by a later rule, or changes nothing that another row looks at.
   */
  readonly expected: readonly string[];
}

const NO = "FORBIDDEN";
const ANON = "UNAUTHENTICATED";

const row = (field: string, about: Thing | null, document: string, expected: readonly string[]): Row => ({
  field,
  document,
  ...(about !== null && { about }),
  expected,
});
const all = (word: string): string[] => callers.map(() => word);
/** The anonymous one is told to sign in. */
const signedIn = (word: string): string[] => callers.map((_, index) => (index === 0 ? ANON : word));
const only = (names: readonly CallerName[], word: string, others: string): string[] =>
  callers.map((name) => (name === "anonymous" ? ANON : names.includes(name) ? word : others));
const operators = (word = "ok") => only(["operator"], word, NO);
const admins = (word: string) => only(["admin"], word, NO);

const errors = "{ userErrors { code message } }";
const mutation = (call: string): string => `mutation { result: ${call} ${errors} }`;
const operation = (name: string, args: string): Row => row(`Mutation.${name}`, null, mutation(`${name}(${args})`), operators("NOT_FOUND"));

export const table: readonly Row[] = [
  // What everybody sees.
  row(
    "Query.viewer",
    null,
    "{ result: viewer { id } }",
    callers.map((name) => (name === "anonymous" ? "null" : "ok")),
  ),
  row("Query.categories", null, "{ result: categories { id } }", all("ok")),
  row("Query.expertises", null, "{ result: expertises { id } }", all("ok")),
  row("Query.courses", null, "{ result: courses { nodes { id } } }", all("ok")),
  row("Query.mentors", null, "{ result: mentors { nodes { id } } }", all("ok")),
  row("Query.user", "learner", "{ result: user(id: $id) { id fullName avatarUrl } }", all("ok")),
  row("Query.course", "course", "{ result: course(id: $id) { id } }", all("ok")),
  row(
    "Query.course",
    "draft",
    "{ result: course(id: $id) { id } }",
    callers.map((name) => (["mentor", "admin"].includes(name) ? "ok" : "null")),
  ),

  // What somebody's own is.
  row("Query.mentoringSession", "session", "{ result: mentoringSession(id: $id) { id } }", only(["learner", "mentor", "admin"], "ok", "null")),
  row("Query.courseEnrollment", "enrollment", "{ result: courseEnrollment(id: $id) { id } }", only(["learner", "mentor", "admin"], "ok", "null")),
  row("Query.applicationRequest", "application", "{ result: applicationRequest(id: $id) { id } }", only(["learner", "reviewer", "admin"], "ok", "null")),
  row("Query.applicationRequests", null, "{ result: applicationRequests { nodes { id } } }", only(["reviewer", "otherReviewer", "admin"], "ok", NO)),
  row("Query.users", null, "{ result: users { nodes { id } } }", admins("ok")),
  row("Query.saga", "saga", "{ result: saga(id: $id) { id } }", only(["learner", "reviewer", "operator"], "ok", "null")),
  row("Query.sagas", null, "{ result: sagas { nodes { id } } }", operators()),
  row("Query.sagaCounts", null, "{ result: sagaCounts { count } }", operators()),
  row("Query.deadLetters", null, "{ result: deadLetters { nodes { id } } }", operators()),
  row("Query.deadLetterGroups", null, "{ result: deadLetterGroups { count } }", operators()),
  row("Query.find", null, '{ result: find(text: "") { kind } }', operators()),
  row("Query.operatorActions", null, "{ result: operatorActions { nodes { id } } }", operators()),
  row("Query.sagaDefinition", null, "{ result: sagaDefinition(type: COURSE_ENROLLMENT) { version } }", operators()),
  row("Query.sagaDefinitions", null, "{ result: sagaDefinitions { version } }", operators()),
  row("Query.sagaMetrics", null, '{ result: sagaMetrics(from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:01:00Z") { started } }', operators()),
  row("Query.workers", null, "{ result: workers { id } }", operators()),
  row("Query.queues", null, "{ result: queues { name } }", operators()),

  // Fields of things that everybody may see otherwise.
  ...(
    [
      ["email", "", ["learner", "reviewer", "admin"]],
      ["emailVerified", "", ["learner", "admin"]],
      ["active", "", ["learner", "admin"]],
      ["roles", "", ["learner", "admin"]],
      ["mentoringSessions", "{ nodes { id } }", ["learner", "admin"]],
      ["enrollments", "{ nodes { id } }", ["learner", "admin"]],
      ["applicationRequests", "{ id }", ["learner", "admin"]],
      ["sagas", "{ nodes { id } }", ["learner", "operator"]],
      ["notifications", "{ nodes { id } }", ["learner"]],
      ["unreadNotificationCount", "", ["learner"]],
    ] as const
  ).map(([field, selection, who]) => row(`User.${field}`, "learner", `{ thing: user(id: $id) { result: ${field} ${selection} } }`, only(who, "ok", NO))),
  row("Course.resources", "course", "{ thing: course(id: $id) { result: resources { downloadUrl } } }", only(["learner", "mentor", "admin"], "ok", NO)),
  row("Course.enrollments", "course", "{ thing: course(id: $id) { result: enrollments { nodes { id } } } }", only(["mentor", "admin"], "ok", NO)),
  row(
    "Schedule.session",
    "slot",
    "{ thing: mentors(first: 100) { nodes { mentorProfile { schedules(from: $from, to: $to, onlyOpen: false) { id result: session { id } } } } } }",
    only(["learner", "mentor", "admin"], "ok", NO),
  ),
  row(
    "BackgroundCheck.reference",
    "application",
    "{ thing: applicationRequest(id: $id) { backgroundCheck { result: reference } } }",
    only(["reviewer", "admin"], "ok", "null").map((word, index) => (callers[index] === "learner" ? NO : word)),
  ),
  row(
    "Saga.deadLetters",
    "saga",
    "{ thing: saga(id: $id) { result: deadLetters { id } } }",
    only(["learner", "reviewer"], NO, "null").map((word, index) => (callers[index] === "operator" ? "ok" : word)),
  ),
  row(
    "Saga.explanation",
    "saga",
    "{ thing: saga(id: $id) { result: explanation { cause } } }",
    only(["learner", "reviewer"], NO, "null").map((word, index) => (callers[index] === "operator" ? "ok" : word)),
  ),
  row(
    "SagaEvent.data",
    "saga",
    "{ thing: saga(id: $id) { events(first: 1) { result: data } } }",
    only(["learner", "reviewer"], NO, "null").map((word, index) => (callers[index] === "operator" ? "ok" : word)),
  ),

  row(
    "SagaPause.note",
    "saga",
    "{ thing: saga(id: $id) { pause { result: note } } }",
    only(["learner", "reviewer"], NO, "null").map((word, index) => (callers[index] === "operator" ? "ok" : word)),
  ),

  // Accounts; who asks makes no difference.
  row(
    "Mutation.registerUser",
    null,
    mutation('registerUser(input: { email: "x@demo.example", password: "short", fullName: "", timeZone: "UTC" })'),
    all("INVALID"),
  ),
  row("Mutation.verifyEmail", null, mutation('verifyEmail(token: "none")'), all("TOKEN_INVALID")),
  row("Mutation.signIn", null, mutation('signIn(email: "nobody@demo.example", password: "nothing at all")'), all("WRONG_CREDENTIALS")),
  row("Mutation.refreshTokens", null, mutation('refreshTokens(refreshToken: "none")'), all("TOKEN_INVALID")),
  row("Mutation.requestPasswordReset", null, mutation('requestPasswordReset(email: "nobody@demo.example")'), all("ok")),
  row("Mutation.resetPassword", null, mutation('resetPassword(token: "none", newPassword: "long enough for one")'), all("TOKEN_INVALID")),
  row("Mutation.signOut", null, mutation("signOut"), signedIn("ok")),
  row("Mutation.updateProfile", null, mutation('updateProfile(input: { fullName: "", timeZone: "UTC" })'), signedIn("REQUIRED")),
  row("Mutation.markNotificationsRead", "notification", mutation("markNotificationsRead(ids: [$id])"), only(["learner"], "ok", "NOT_FOUND")),
  row(
    "Mutation.createUpload",
    null,
    mutation('createUpload(input: { fileName: "a", contentType: "none", byteSize: 1, sha256: "none", purpose: AVATAR })'),
    signedIn("FILE_TYPE_NOT_ALLOWED"),
  ),

  // Mentors.
  row(
    "Mutation.updateMentorProfile",
    null,
    mutation("updateMentorProfile(input: { expertiseIds: [], maxSessionsPerWeek: 0, minNoticeHours: 0 })"),
    only(["mentor", "otherMentor"], "INVALID", NO),
  ),
  row(
    "Mutation.publishSchedule",
    null,
    mutation('publishSchedule(input: { timeZone: "UTC", blocks: [] }, idempotencyKey: $key)'),
    only(["mentor", "otherMentor"], "INVALID", NO),
  ),
  row("Mutation.withdrawSchedule", "openSlot", mutation("withdrawSchedule(id: $id)"), only(["mentor"], "ok", "NOT_FOUND")),
  row(
    "Mutation.saveCourse",
    "course",
    mutation('saveCourse(id: $id, input: { title: "", description: "", level: BEGINNER, status: DRAFT, categoryId: "x" })'),
    only(["mentor", "admin"], "REQUIRED", NO).map((word, index) => (callers[index] === "otherMentor" ? "NOT_FOUND" : word)),
  ),
  row(
    "Mutation.addCourseResource",
    "course",
    mutation('addCourseResource(courseId: $id, uploadId: "none", title: "A title")'),
    only(["mentor", "admin"], "UPLOAD_MISSING", "NOT_FOUND"),
  ),
  // The mentor comes first, so that nothing is left for an administrator.
  row("Mutation.removeCourseResource", "resource", mutation("removeCourseResource(id: $id)"), only(["mentor"], "ok", "NOT_FOUND")),

  // Sessions.
  row(
    "Mutation.bookMentoringSession",
    null,
    mutation('bookMentoringSession(input: { scheduleId: "none", courseId: "none", type: VIRTUAL }, idempotencyKey: $key)'),
    signedIn("NOT_FOUND"),
  ),
  row(
    "Mutation.cancelMentoringSession",
    "session",
    mutation("cancelMentoringSession(id: $id)"),
    only(["learner", "mentor", "admin"], "TOO_LATE_TO_CANCEL", "NOT_FOUND"),
  ),
  row(
    "Mutation.rescheduleMentoringSession",
    "session",
    mutation('rescheduleMentoringSession(id: $id, scheduleId: "none", note: "n")'),
    only([], "", "NOT_FOUND").map((word, index) => (callers[index] === "learner" ? NO : word)),
  ),
  row(
    "Mutation.answerReschedule",
    "session",
    mutation("answerReschedule(id: $id, accept: true)"),
    only(["learner"], "WRONG_STATE", "NOT_FOUND").map((word, index) => (callers[index] === "mentor" ? NO : word)),
  ),
  row(
    "Mutation.completeMentoringSession",
    "session",
    mutation("completeMentoringSession(id: $id)"),
    only(["mentor"], "ok", "NOT_FOUND").map((word, index) => (callers[index] === "learner" ? NO : word)),
  ),

  // Enrollments.
  row("Mutation.enrollInCourse", "draft", mutation("enrollInCourse(courseId: $id, idempotencyKey: $key)"), signedIn("NOT_FOUND")),
  row("Mutation.cancelEnrollment", "enrollment", mutation("cancelEnrollment(id: $id)"), only(["learner", "admin"], "ok", "NOT_FOUND")),

  // Applications.
  row(
    "Mutation.submitApplicationRequest",
    null,
    mutation(
      'submitApplicationRequest(input: { education: "", workExperience: "", description: "", documents: [], consentToBackgroundCheck: true }, idempotencyKey: $key)',
    ),
    signedIn("REQUIRED"),
  ),
  row(
    "Mutation.resubmitApplicationRequest",
    "application",
    mutation(
      'resubmitApplicationRequest(id: $id, input: { education: "", workExperience: "", description: "", documents: [], consentToBackgroundCheck: true })',
    ),
    only(["learner"], "REQUIRED", "NOT_FOUND"),
  ),
  row("Mutation.withdrawApplicationRequest", "withdrawn", mutation("withdrawApplicationRequest(id: $id)"), only(["learner"], "ok", "NOT_FOUND")),
  row("Mutation.assignReviewer", "application", mutation('assignReviewer(id: $id, reviewerId: "none")'), admins("INVALID")),
  row(
    "Mutation.requestApplicationInfo",
    "application",
    mutation('requestApplicationInfo(id: $id, note: "n")'),
    only(["reviewer", "admin"], "WRONG_STATE", "NOT_FOUND"),
  ),
  row(
    "Mutation.approveApplicationRequest",
    "application",
    mutation("approveApplicationRequest(id: $id)"),
    only(["reviewer", "admin"], "WRONG_STATE", "NOT_FOUND"),
  ),
  row(
    "Mutation.rejectApplicationRequest",
    "application",
    mutation('rejectApplicationRequest(id: $id, note: "n")'),
    only(["reviewer", "admin"], "WRONG_STATE", "NOT_FOUND"),
  ),

  // Administration.
  row("Mutation.updateUser", "learner", mutation("updateUser(id: $id, roles: [])"), admins("INVALID")),
  row("Mutation.saveCategory", null, mutation('saveCategory(name: "", description: "")'), admins("REQUIRED")),
  row("Mutation.saveExpertise", null, mutation('saveExpertise(name: "")'), admins("REQUIRED")),

  // Operation.
  operation("retrySaga", 'id: "none"'),
  operation("completeSagaStep", 'id: "none", note: "n"'),
  operation("skipSagaStep", 'id: "none", note: "n"'),
  operation("cancelSaga", 'id: "none", note: "n"'),
  operation("pauseSaga", 'id: "none", note: "n"'),
  operation("resumeSaga", 'id: "none", note: "n"'),
  operation("moveSagaTimer", 'id: "none", timer: DEADLINE, to: "2100-01-01T00:00:00Z", note: "n"'),
  operation("fireSagaTimer", 'id: "none", timer: DEADLINE, note: "n"'),
  operation("migrateSaga", 'id: "none", toVersion: 2, note: "n"'),
  row("Mutation.migrateSagas", null, mutation('migrateSagas(type: COURSE_ENROLLMENT, fromVersion: 1, toVersion: 99, note: "n")'), operators("INVALID")),
  row("Mutation.redriveDeadLetters", null, mutation('redriveDeadLetters(filter: { ids: [] }, note: "n", idempotencyKey: $key)'), operators("ok")),
  row("Mutation.discardDeadLetters", null, mutation('discardDeadLetters(ids: ["none"], note: "n")'), operators("NOT_FOUND")),
  row("Mutation.pauseQueue", null, mutation('pauseQueue(name: "none", note: "n")'), operators("NOT_FOUND")),
  row("Mutation.resumeQueue", null, mutation('resumeQueue(name: "none")'), operators("NOT_FOUND")),

  // Live.
  row(
    "Subscription.sagaProgress",
    "saga",
    "subscription { result: sagaProgress(sagaId: $id) { sequence } }",
    only(["learner", "reviewer", "operator"], "ok", "NOT_FOUND"),
  ),
  row("Subscription.sagaActivity", null, "subscription { result: sagaActivity { cursor } }", signedIn("ok")),
  row("Subscription.queueDepths", null, "subscription { result: queueDepths { name } }", operators()),
];
