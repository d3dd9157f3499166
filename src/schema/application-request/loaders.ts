import type { EntityManager } from "@mikro-orm/postgresql";
import { findApplications, findApplicationsOf, findDocuments } from "../../domain/application-request/application-request.queries.ts";
import { findBackgroundChecks } from "../../domain/background-check/background-check.queries.ts";
import { byId } from "../batch.ts";

export const applicationRequestLoaders = (em: EntityManager) => ({
  application: byId((ids) => findApplications(em, ids)),
  /** By applicant id, newest first. */
  applicationsOf: byId((applicantIds) => findApplicationsOf(em, applicantIds)),
  /** By application id, oldest first. */
  documents: byId((requestIds) => findDocuments(em, requestIds)),
  /** The latest, by application id. */
  backgroundCheck: byId((requestIds) => findBackgroundChecks(em, requestIds)),
});
