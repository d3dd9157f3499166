import { courseEnrollment } from "./course-enrollment.ts";

/** Every saga of the platform. A new one is a definition, its test, and a line here. */
export const sagas = [courseEnrollment];
