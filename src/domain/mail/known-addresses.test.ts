import { UNKNOWN_ADDRESS } from "../users/user.ts";
import { toKnownAddresses } from "./known-addresses.ts";
import type { Mail } from "./mailer.ts";

test("mails go to everybody who has an address", async () => {
  const sent: string[] = [];
  const mailer = toKnownAddresses({
    send: ({ to }) => {
      sent.push(to);
      return Promise.resolve({ accepted: true });
    },
  });
  const mail: Mail = { to: "", subject: "Hello", text: "Hello", messageId: "<1@mentorplatform.invalid>" };
  for (const to of ["one@demo.example", `two${UNKNOWN_ADDRESS}`])
    expect(await mailer.send({ ...mail, to }, AbortSignal.timeout(1_000))).toEqual({ accepted: true });
  expect(sent).toEqual(["one@demo.example"]);
});
