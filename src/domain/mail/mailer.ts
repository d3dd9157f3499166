/** What a mail puts into its recipient's calendar, or takes out of it. Texts are single lines, except the description. */
export interface CalendarEntry {
  /** REQUEST puts it there, or moves what has the same `uid` and a lower `sequence`; CANCEL takes it out. */
  readonly method: "REQUEST" | "CANCEL";
  readonly uid: string;
  readonly sequence: number;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly summary: string;
  readonly description: string;
  /** Where one can take part from anywhere; null: nowhere. */
  readonly url: string | null;
  /** The recipient's name; nobody else's address is in it. */
  readonly attendeeName: string;
}

/** One mail to one recipient. */
export interface Mail {
  /** Bare address. */
  readonly to: string;
  /** One line. */
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly calendar?: CalendarEntry;
  /** The Message-ID header, with its angle brackets; the same for every attempt at one mail. */
  readonly messageId: string;
}

/** Port to a mail server. */
export interface Mailer {
  /**
   * Hands a mail over. At least once: when the server's answer is lost, the same mail is sent again under the same Message-ID.
   *
   * @throws {Transient} the server does not answer or asks to try later
   * @throws {Permanent} the server refuses the mail
   */
  send(mail: Mail, signal: AbortSignal): Promise<{ accepted: true }>;
}
