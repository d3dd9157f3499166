import { accessObstacle, confirmationObstacle, enrollmentRefusal, type EnrollmentFacts, type StandingFacts } from "./course-enrollment.ts";
import { welcomeMail, welcomeWithdrawnMail } from "./course-enrollment.mails.ts";

const asked: EnrollmentFacts = {
  learnerId: "learner",
  learnerActive: true,
  courseId: "course",
  course: { status: "PUBLISHED", mentorId: "mentor", windowOpen: true },
  alreadyEnrolled: false,
};
const course = asked.course as NonNullable<EnrollmentFacts["course"]>;

test("a learner may ask for a place in an open course", () => {
  expect(enrollmentRefusal(asked)).toBeNull();
});

test.each<[string, Partial<EnrollmentFacts>, string, readonly string[] | null]>([
  ["an inactive account", { learnerActive: false }, "ACCOUNT_INACTIVE", null],
  ["an unknown course", { course: null }, "NOT_FOUND", ["courseId"]],
  ["a draft", { course: { ...course, status: "DRAFT" } }, "NOT_FOUND", ["courseId"]],
  ["an archived course", { course: { ...course, status: "ARCHIVED" } }, "NOT_FOUND", ["courseId"]],
  ["the learner's own course", { learnerId: "mentor" }, "INVALID", ["courseId"]],
  ["a second open enrollment", { alreadyEnrolled: true }, "ALREADY_ENROLLED", ["courseId"]],
  ["a course outside its window", { course: { ...course, windowOpen: false } }, "ENROLLMENT_CLOSED", ["courseId"]],
])("%s is refused", (_what, facts, code, field) => {
  expect(enrollmentRefusal({ ...asked, ...facts })).toMatchObject({ code, field });
});

test("whoever has a place is told so even when the course takes no more enrollments", () => {
  expect(enrollmentRefusal({ ...asked, alreadyEnrolled: true, course: { ...course, windowOpen: false } })?.code).toBe("ALREADY_ENROLLED");
});

const standing: StandingFacts = { learnerActive: true, courseStatus: "PUBLISHED", windowClosed: false };

test("a confirmation is refused when account, course or window have changed meanwhile", () => {
  expect(confirmationObstacle(standing)).toBeNull();
  expect(confirmationObstacle({ ...standing, learnerActive: false })).toContain("account");
  expect(confirmationObstacle({ ...standing, courseStatus: "DRAFT" })).toContain("published");
  expect(confirmationObstacle({ ...standing, courseStatus: "ARCHIVED" })).toContain("published");
  expect(confirmationObstacle({ ...standing, windowClosed: true })).toContain("enrollments");
});

test("access is refused for an archived course or an inactive account, and does not ask for the window", () => {
  expect(accessObstacle({ ...standing, windowClosed: true })).toBeNull();
  expect(accessObstacle({ ...standing, courseStatus: "DRAFT" })).toBeNull();
  expect(accessObstacle({ ...standing, courseStatus: "ARCHIVED" })).toContain("archived");
  expect(accessObstacle({ ...standing, learnerActive: false })).toContain("account");
});

test("names and titles in the mails are escaped and stay on one line", () => {
  for (const mail of [welcomeMail, welcomeWithdrawnMail]) {
    const { subject, html } = mail({ fullName: "<i>Fi</i>", courseTitle: "A\r\nBcc: x@demo.example <script>" });
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).toContain("&lt;i&gt;Fi&lt;/i&gt;");
    expect(html).not.toContain("<script>");
  }
});
