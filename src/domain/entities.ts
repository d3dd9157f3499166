import { ApplicationDocument, ApplicationRequest } from "./application-request/application-request.ts";
import { BackgroundCheck } from "./background-check/background-check.ts";
import { CourseEnrollment } from "./course-enrollment/course-enrollment.ts";
import { Category } from "./courses/category.ts";
import { Course } from "./courses/course.ts";
import { CourseResource } from "./courses/course-resource.ts";
import { FileObject } from "./files/file-object.ts";
import { MailMessage } from "./mail/mail-message.ts";
import { MentoringSession } from "./mentoring-session/mentoring-session.ts";
import { Expertise } from "./mentors/expertise.ts";
import { MentorProfile } from "./mentors/mentor-profile.ts";
import { Notification } from "./notifications/notification.ts";
import { Schedule } from "./schedules/schedule.ts";
import { User } from "./users/user.ts";

/** The entities of the domain, for the ORM's configuration. */
export const domainEntities = [
  User,
  Category,
  Course,
  CourseResource,
  FileObject,
  CourseEnrollment,
  MailMessage,
  Notification,
  BackgroundCheck,
  ApplicationRequest,
  ApplicationDocument,
  MentoringSession,
  Expertise,
  MentorProfile,
  Schedule,
];
