import { useState, type ReactNode } from "react";
import { signOut } from "./session.ts";

export function SignOut({ className, title, children }: { readonly className?: string; readonly title?: string; readonly children: ReactNode }) {
  const [problem, setProblem] = useState<Error | null>(null);
  return (
    <>
      <button type="button" className={className} title={title} onClick={() => void signOut().catch(setProblem)}>
        {children}
      </button>
      {problem !== null && (
        <span className="wrong" role="alert">
          You are still signed in. {problem.message}
        </span>
      )}
    </>
  );
}
