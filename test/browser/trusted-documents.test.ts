import { browsing, inBrowser, signIn } from "./browser.ts";

const { open, base } = browsing({ GRAPHQL_DOCUMENTS: "trusted" });

inBrowser("where only trusted documents are run, ours are among them: those of the site, over HTTP and on sockets", async () => {
  const page = await open("/");
  await page.locator(".people a").first().click();
  await page.getByRole("link", { name: "Sign in to book" }).click();
  await signIn(page, "learner-0003");
  await page.locator(".slots label[data-open=true]").first().click();
  await page.getByRole("button", { name: /^Book / }).click();
  await page.locator("[data-mark=done]", { hasText: "Both of you were told" }).waitFor();
  for (const name of ["Courses", "My page", "Become a mentor"]) {
    await page.getByRole("link", { name, exact: true }).click();
    await page.getByRole("heading", { level: 1, name }).waitFor();
    await page.locator("[aria-busy]").first().waitFor({ state: "detached" });
    expect(await page.getByRole("alert").count()).toBe(0);
  }
  const answer = await fetch(`${base()}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ categories { name } }" }),
  });
  expect(await answer.text()).toMatch(/DOCUMENT_NOT_TRUSTED/);
});
