import { command, event, t } from "../../outbox/index.ts";

export const AccountMailSentEvent = event("AccountMailSentEvent", { userId: t.id() });

/**
 * Sends a mail about an account itself; `template` is one of `accountTemplates`. Nothing that the mail lets its reader do is in here:
 * its token is made when it is sent. An account that does not exist, or needs the mail no more, gets none.
 */
export const SendAccountMailCommand = command("SendAccountMailCommand", { userId: t.id(), template: t.text() }, AccountMailSentEvent);
