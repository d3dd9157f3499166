import { defineEntity, p } from "@mikro-orm/core";
import type { CheckResult } from "./background-checks.port.ts";

export const backgroundCheckStatuses = ["REQUESTED", "CLEAR", "CONSIDER", "FAILED", "CANCELLED"] as const;
export type BackgroundCheckStatus = (typeof backgroundCheckStatuses)[number];

/** What is kept of the provider's answer. */
export interface CheckOutcome {
  readonly result: CheckResult;
  /** What the provider said later, and differently; the first answer stands. */
  readonly contradictedBy?: readonly { readonly result: CheckResult; readonly at: string }[];
}

const schema = defineEntity({
  name: "BackgroundCheck",
  tableName: "background_check",
  uniques: [
    { name: "background_check_request_id_round_unique", properties: ["requestId", "round"] },
    { name: "background_check_provider_reference_unique", properties: ["provider", "reference"] },
  ],
  checks: [{ name: "background_check_completed_at_check", expression: "(completed_at is not null) = (status <> 'REQUESTED')" }],
  properties: {
    id: p.uuid().primary(),
    requestId: p.uuid(),
    /** Counted from 1 within the application. */
    round: p.integer(),
    /** The run of the step that waits for the result. */
    stepRunId: p.uuid(),
    provider: p.text(),
    /** The provider's id; null until we have heard of it. */
    reference: p.text().strictNullable(),
    status: p.enum(backgroundCheckStatuses),
    requestedAt: p.datetime().defaultRaw("now()"),
    completedAt: p.datetime().strictNullable(),
    /** Null until there is a result, and of checks that were called off. */
    result: p.json<CheckOutcome>().strictNullable(),
    createdAt: p.datetime().defaultRaw("now()"),
    updatedAt: p.datetime().defaultRaw("now()"),
  },
});

/** One check of an applicant by a provider outside. */
export class BackgroundCheck extends schema.class {}
schema.setClass(BackgroundCheck);

const resultsByStatus: Partial<Record<BackgroundCheckStatus, CheckResult>> = { CLEAR: "clear", CONSIDER: "consider", FAILED: "failed" };
const statuses: Record<CheckResult, BackgroundCheckStatus> = { clear: "CLEAR", consider: "CONSIDER", failed: "FAILED" };

export const statusOf = (result: CheckResult): BackgroundCheckStatus => statuses[result];

/** Null while there is no result, and for a check that was called off. */
export const resultOf = (status: BackgroundCheckStatus): CheckResult | null => resultsByStatus[status] ?? null;
