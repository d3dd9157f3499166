import { Link, useRouter, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { SignIn } from "../SignIn.tsx";
import { useAddress } from "../ui/address.ts";
import { Heading, useVisitor } from "./Site.tsx";

/** Comes back to where it stood; what was typed there is kept. */
export function SignInFirst({ children }: { readonly children: string }) {
  const here = useRouterState({ select: ({ location }) => location.href });
  return (
    <Link to="/sign-in" search={{ to: here }} className="button primary">
      {children}
    </Link>
  );
}

export function SignInPage() {
  const { to } = useAddress<{ to: unknown }>();
  const { history } = useRouter();
  const isIn = useVisitor() !== null;
  useEffect(() => {
    // Nowhere but to pages of this site.
    if (isIn) history.replace(typeof to === "string" && /^\/(?![/\\])/.test(to) ? to : "/");
  }, [isIn]);
  return (
    <div className="narrow">
      <Heading>Sign in</Heading>
      <SignIn />
      <p>
        No account yet? <Link to="/register">Register</Link>
      </p>
    </div>
  );
}
