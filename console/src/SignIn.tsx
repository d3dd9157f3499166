import { useState } from "react";
import { ForgotPasswordDocument } from "./generated/graphql.ts";
import { useSend } from "./send.ts";
import { signIn } from "./session.ts";
import { Field, Problem } from "./ui/parts.tsx";

export function SignIn() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [wrong, setWrong] = useState<readonly { message: string; field?: readonly string[] | null }[]>([]);
  const [problem, setProblem] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const forgotten = useSend(ForgotPasswordDocument);
  const [sent, setSent] = useState<unknown>(null);
  const of = (field: string): string | undefined => [...wrong, ...forgotten.refused].find((one) => one.field?.[0] === field)?.message;
  const others = wrong.filter(({ field }) => field?.[0] !== "email" && field?.[0] !== "password");
  const submit = (): void => {
    setBusy(true);
    setProblem(null);
    signIn(email, password)
      .then(setWrong, setProblem)
      .finally(() => setBusy(false));
  };
  return (
    <form className="card card-body" aria-label="Sign in" onSubmit={(event) => (event.preventDefault(), submit())}>
      <Field label="Email" error={of("email")}>
        {(props) => (
          <input {...props} type="email" autoComplete="username" required autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />
        )}
      </Field>
      <Field label="Password" error={of("password")}>
        {(props) => (
          <input {...props} type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
        )}
      </Field>
      {others.map(({ message }) => (
        <p key={message} className="wrong" role="alert">
          {message}
        </p>
      ))}
      {(problem ?? forgotten.problem) !== null && <Problem error={problem ?? (forgotten.problem as Error)} />}
      <div className="buttons">
        <button type="submit" className="primary" disabled={busy}>
          Sign in
        </button>
        <button type="button" className="quiet" disabled={email === "" || forgotten.isBusy} onClick={() => void forgotten.send({ email }).then(setSent)}>
          Forgot your password?
        </button>
      </div>
      {sent !== null && <p role="status">If this address has an account, a link to a new password is on its way to it.</p>}
    </form>
  );
}
