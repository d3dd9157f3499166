/** Whom a token of an outside issuer speaks for, as far as the issuer says. */
export interface ExternalPerson {
  readonly issuer: string;
  /** Who it is at the issuer, for ever. */
  readonly subject: string;
  /** Null: not told, or not confirmed. */
  readonly email: string | null;
  readonly fullName: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Roles by the issuer's claim, in our words or not; null: the issuer does not decide about roles. */
  readonly roles: readonly string[] | null;
}

/** Finds, or makes at first sight, the account of a person whom the issuer vouches for. */
export type AdoptAccount = (person: ExternalPerson) => Promise<{ readonly userId: string }>;
