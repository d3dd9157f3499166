/** One mail to one recipient. */
export interface Mail {
  /** Bare address. */
  readonly to: string;
  /** One line. */
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
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
