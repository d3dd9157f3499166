import { UNKNOWN_ADDRESS } from "../users/user.ts";
import type { Mailer } from "./mailer.ts";

/**
 * Sends nothing to accounts whose address an outside issuer keeps to itself: what such a mail says, its saga and the notifications inside the
 * platform say, too, and no saga stands still because it cannot be delivered.
 */
export const toKnownAddresses = (mailer: Mailer): Mailer => ({
  send: (mail, signal) => (mail.to.endsWith(UNKNOWN_ADDRESS) ? Promise.resolve({ accepted: true }) : mailer.send(mail, signal)),
});
