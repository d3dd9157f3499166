import { useState } from "react";
import { useDraft } from "../drafts.ts";
import { RegisterDocument } from "../generated/graphql.ts";
import { useSend } from "../send.ts";
import { Field } from "../ui/parts.tsx";
import { TimeZoneField } from "./fields.tsx";
import { Refusals } from "./Refusals.tsx";
import { Heading } from "./Site.tsx";
import { browserZone } from "./when.ts";

export function Register() {
  const [draft, change, clear] = useDraft("register", { fullName: "", email: "", timeZone: browserZone() });
  // A password is in no storage.
  const [password, setPassword] = useState("");
  const { send, at, besides, isBusy, problem } = useSend(RegisterDocument);
  const [sentTo, setSentTo] = useState<string | null>(null);
  const submit = async (): Promise<void> => {
    if ((await send({ input: { ...draft, password } })) === null) return;
    setSentTo(draft.email);
    clear();
  };
  return (
    <div className="narrow">
      <Heading>Register</Heading>
      {sentTo === null ? (
        <form className="card card-body" onSubmit={(event) => (event.preventDefault(), void submit())}>
          <Field label="Your name" error={at("input.fullName")}>
            {(props) => <input {...props} autoComplete="name" value={draft.fullName} onChange={(event) => change({ fullName: event.target.value })} />}
          </Field>
          <Field label="Email" error={at("input.email")}>
            {(props) => (
              <input {...props} type="email" required autoComplete="email" value={draft.email} onChange={(event) => change({ email: event.target.value })} />
            )}
          </Field>
          <Field label="Password" error={at("input.password")} hint="At least 12 characters.">
            {(props) => <input {...props} type="password" autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />}
          </Field>
          <TimeZoneField value={draft.timeZone} error={at("input.timeZone")} choose={(timeZone) => change({ timeZone })} />
          <Refusals refused={besides("input.fullName", "input.email", "input.password", "input.timeZone")} problem={problem} />
          <button type="submit" className="primary" disabled={isBusy}>
            Register
          </button>
        </form>
      ) : (
        <p role="status" className="lead">
          A mail is on its way to {sentTo}. Its link confirms the address; then you can sign in.
        </p>
      )}
    </div>
  );
}
