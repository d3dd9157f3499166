import { type RequestHandler, Router } from "express";

/**
 * GET /account/verify-email and /account/reset-password: where the links of account mails lead, unless a front end answers these paths
 * itself. The token stands behind the # and so reaches this server only in the mutation that spends it; and that is sent by a click,
 * since programs that look at mails follow links as well.
 */
export function accountPages(): Router {
  const router = Router();
  router.get("/account/verify-email", page("Confirm your address", `<button>Confirm</button>`));
  router.get(
    "/account/reset-password",
    page(
      "Choose a new password",
      `<label>New password, at least 12 characters <input type="password" id="password" autocomplete="new-password" minlength="12" maxlength="128" required></label> <button>Save</button>`,
    ),
  );
  router.get("/account/pages.js", (_request, response) => {
    response.set({ "x-content-type-options": "nosniff", "cache-control": "no-store" }).type("text/javascript").send(script);
  });
  return router;
}

const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; img-src data:; connect-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

const page =
  (title: string, fields: string): RequestHandler =>
  (_request, response) => {
    response.set(headers).type("text/html").send(`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>${title} · MentorPlatform</title>
    <link rel="icon" href="data:,">
    <style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1rem; } input { display: block; width: 100%; margin: 0.5rem 0; } input, button { font: inherit; padding: 0.5rem; box-sizing: border-box; }</style>
  </head>
  <body>
    <h1>${title}</h1>
    <form id="form">${fields}</form>
    <p id="outcome" role="status"></p>
    <script src="/account/pages.js"></script>
  </body>
</html>
`);
  };

/** Runs in the browser, for either page. */
const script = `
const form = document.getElementById("form");
const outcome = document.getElementById("outcome");
const password = document.getElementById("password");
const token = location.hash.slice(1);

const [query, done] = password
  ? ["mutation ($token: String!, $password: String!) { answer: resetPassword(token: $token, newPassword: $password) { userErrors { message } } }", "Your new password is saved. You can sign in with it now."]
  : ["mutation ($token: String!) { answer: verifyEmail(token: $token) { userErrors { message } } }", "Your address is confirmed. You can sign in now."];

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const variables = password ? { token, password: password.value } : { token };
    const response = await fetch("/graphql", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query, variables }) });
    const { data, errors } = await response.json();
    const problem = (errors ?? data.answer.userErrors)[0];
    form.hidden = problem === undefined;
    outcome.textContent = problem === undefined ? done : problem.message;
  } catch {
    outcome.textContent = "The server does not answer just now; try again in a moment.";
  }
});
`;
