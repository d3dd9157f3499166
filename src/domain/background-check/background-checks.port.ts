/** What a provider says about a person in the end. `consider`: it found something that a person must judge. */
export const checkResults = ["clear", "consider", "failed"] as const;
export type CheckResult = (typeof checkResults)[number];

/** Of whom the provider is asked, and by which names of ours it is to know the check. */
export interface CheckApplication {
  readonly requestId: string;
  /** Counted from 1: how often this application has been checked. */
  readonly round: number;
  readonly applicant: { readonly name: string; readonly email: string };
  /** The same for every attempt at one check: application and round. */
  readonly idempotencyKey: string;
  /** Comes back with the answer: the application's id, of all rounds. */
  readonly externalId: string;
}

/** A check as the provider has it. */
export interface CheckState {
  /** The provider's id. */
  readonly reference: string;
  /** Null: not known yet, or called off. */
  readonly result: CheckResult | null;
}

/** Port to a provider of background checks. Everything may be asked again: the same check is not made twice. */
export interface BackgroundChecks {
  /** Name of the provider, under which its references and messages are unique. */
  readonly provider: string;
  /**
   * Asks for a check. At least once: when the answer is lost, the same check is asked for again under the same key.
   *
   * @returns the check, in rare cases with its result already; as a rule that comes days later, by a message of the provider
   * @throws {Transient} the provider does not answer or asks to try later
   * @throws {Permanent} the provider refuses
   */
  request(application: CheckApplication, signal: AbortSignal): Promise<CheckState>;
  /** @throws {Transient} as `request` @throws {Permanent} as `request`, also for a check that the provider does not know */
  get(reference: string, signal: AbortSignal): Promise<CheckState>;
  /** The checks of an application, in case the answer to `request` was lost. @throws {Transient} as `request` @throws {Permanent} as `request` */
  find(externalId: string, signal: AbortSignal): Promise<readonly CheckState[]>;
  /** Calls a check off; one that is done or unknown needs no calling off. @throws {Transient} as `request` @throws {Permanent} as `request` */
  cancel(reference: string, signal: AbortSignal): Promise<void>;
}

/** What a provider has told us of one check. */
export interface CheckReport extends CheckState {
  /** As it was given to `request`; null: the provider did not say. */
  readonly externalId: string | null;
  readonly result: CheckResult;
}

/** Takes what a provider says of itself, in any order and any number of times. */
export interface CheckReports {
  /**
   * Stores a message under the provider's id of it. A message that is there already changes nothing.
   *
   * @param report null: a message about something else, kept for recognising it only
   */
  receive(messageId: string, report: CheckReport | null): Promise<void>;
}
