import { applicationRequest } from "../../../src/sagas/application-request.ts";
import { courseEnrollment } from "../../../src/sagas/course-enrollment.ts";
import type { AnySaga } from "../../../src/sagas/engine/index.ts";
import { mentoringSession } from "../../../src/sagas/mentoring-session.ts";
import { certificate } from "../../docs/certificate.saga.ts";
import { conference } from "../../support/conference.ts";
import { festival } from "../../support/festival.ts";
import { hold } from "../../support/hold.ts";
import { orderSaga } from "../../support/orders.ts";
import { tripSaga } from "../../support/trip.ts";

/** What is simulated: the sagas of the platform, and those that tests and documentation play with. */
export const samples: readonly AnySaga[] = [
  courseEnrollment,
  mentoringSession,
  applicationRequest,
  orderSaga,
  tripSaga({ afterFinal: "again" }),
  certificate,
  hold,
  conference,
  festival,
];
