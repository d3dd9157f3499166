import { findSilentApplications, withdrawSilent } from "./application-request/application-request.service.ts";
import { findLapsedProposals, lapseProposal } from "./mentoring-session/mentoring-session.service.ts";
import type { Chore } from "./sweeper.ts";

/** Proposals that nobody has answered lapse. */
export const lapsingProposals: Chore = { what: "A lapsed proposal", find: findLapsedProposals, act: lapseProposal };

/** Applications whose applicants do not answer are withdrawn. */
export const silentApplications: Chore = { what: "An application without an answer", find: findSilentApplications, act: withdrawSilent };
