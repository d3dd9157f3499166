import { useState } from "react";
import { signIn } from "./session.ts";
import { Field, Problem } from "./ui/parts.tsx";

export function SignIn() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [wrong, setWrong] = useState<readonly { message: string; field?: readonly string[] | null }[]>([]);
  const [problem, setProblem] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const of = (field: string): string | undefined => wrong.find((one) => one.field?.[0] === field)?.message;
  const others = wrong.filter(({ field }) => field?.[0] !== "email" && field?.[0] !== "password");
  const submit = (): void => {
    setBusy(true);
    setProblem(null);
    signIn(email, password)
      .then(setWrong, setProblem)
      .finally(() => setBusy(false));
  };
  return (
    <main className="alone">
      <h1>Sign in</h1>
      <form className="card card-body" onSubmit={(event) => (event.preventDefault(), submit())}>
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
        {problem !== null && <Problem error={problem} />}
        <button type="submit" className="primary" disabled={busy}>
          Sign in
        </button>
      </form>
    </main>
  );
}
