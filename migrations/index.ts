import { Migration20261125000100_outbox } from "./Migration20261125000100_outbox.ts";
import { Migration20261125000200_saga } from "./Migration20261125000200_saga.ts";
import { Migration20261125000300_users } from "./Migration20261125000300_users.ts";
import { Migration20261125000400_courses } from "./Migration20261125000400_courses.ts";
import { Migration20261125000500_course_enrollment } from "./Migration20261125000500_course_enrollment.ts";
import { Migration20261125000600_mail } from "./Migration20261125000600_mail.ts";
import { Migration20261125000700_idempotency } from "./Migration20261125000700_idempotency.ts";
import { Migration20261125000900_ops_views } from "./Migration20261125000900_ops_views.ts";
import { Migration20261125001000_engine } from "./Migration20261125001000_engine.ts";
import { Migration20261125001100_ops_views } from "./Migration20261125001100_ops_views.ts";
import { Migration20261126000100_accounts } from "./Migration20261126000100_accounts.ts";
import { Migration20261126000200_files } from "./Migration20261126000200_files.ts";
import { Migration20261126000300_mentors } from "./Migration20261126000300_mentors.ts";
import { Migration20261126000400_mentoring_session } from "./Migration20261126000400_mentoring_session.ts";
import { Migration20261126000500_application_request } from "./Migration20261126000500_application_request.ts";
import { Migration20261126000950_live_operations } from "./Migration20261126000950_live_operations.ts";
import { Migration20261126001000_readonly_role } from "./Migration20261126001000_readonly_role.ts";
import { Migration20261126001100_ops_views } from "./Migration20261126001100_ops_views.ts";
import { Migration20261126001100_schedule_publication } from "./Migration20261126001100_schedule_publication.ts";
import { Migration20261126001200_ops_sessions } from "./Migration20261126001200_ops_sessions.ts";
import { Migration20261126001400_ops_files } from "./Migration20261126001400_ops_files.ts";
import { Migration20261126001500_ops_applications } from "./Migration20261126001500_ops_applications.ts";
import { Migration20261128000100_enrollment_updates } from "./Migration20261128000100_enrollment_updates.ts";
import { Migration20261128000200_what_operators_read } from "./Migration20261128000200_what_operators_read.ts";
import { Migration20261128000300_queue_samples } from "./Migration20261128000300_queue_samples.ts";
import { Migration20261129000100_sub_sagas } from "./Migration20261129000100_sub_sagas.ts";

/** Every migration, in order. Listed by hand, so that a compiled program needs no file search and a typo cannot lose one. */
export const migrationsList = [
  Migration20261125000100_outbox,
  Migration20261125000200_saga,
  Migration20261125000300_users,
  Migration20261125000400_courses,
  Migration20261125000500_course_enrollment,
  Migration20261125000600_mail,
  Migration20261125000700_idempotency,
  Migration20261125000900_ops_views,
  Migration20261125001000_engine,
  Migration20261125001100_ops_views,
  Migration20261126000100_accounts,
  Migration20261126000200_files,
  Migration20261126000300_mentors,
  Migration20261126000400_mentoring_session,
  Migration20261126000500_application_request,
  Migration20261126000950_live_operations,
  Migration20261126001000_readonly_role,
  Migration20261126001100_ops_views,
  Migration20261126001100_schedule_publication,
  Migration20261126001200_ops_sessions,
  Migration20261126001400_ops_files,
  Migration20261126001500_ops_applications,
  Migration20261128000100_enrollment_updates,
  Migration20261128000200_what_operators_read,
  Migration20261128000300_queue_samples,
  Migration20261129000100_sub_sagas,
];
