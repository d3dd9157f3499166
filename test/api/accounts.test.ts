import { parseSetCookie } from "cookie";
import { runInNewContext } from "node:vm";
import { newId } from "../../src/kernel/ids.ts";
import type { Mail } from "../../src/domain/mail/mailer.ts";
import { waitFor } from "../support/wait.ts";
import { ApiTest, codesOf, password, type Person } from "./support.ts";

let api: ApiTest;
let admin: Person;
beforeAll(async () => {
  api = await ApiTest.open({ standingTtlMs: 0 });
  admin = await api.person("ADMIN");
  await api.engine.start();
});
afterAll(() => api.close());

interface UserError {
  readonly code: string;
  readonly field: readonly string[] | null;
}
interface Tokens {
  readonly accessToken: string | null;
  readonly refreshToken: string | null;
  readonly user: { readonly id: string; readonly email: string | null } | null;
  readonly userErrors: readonly UserError[];
}
type Reply = Record<string, { userErrors: readonly UserError[] }>;

const ERRORS = "userErrors { code field }";
const TOKENS = `accessToken refreshToken user { id email } ${ERRORS}`;
const newPassword = "another horse entirely";

const newAddress = (): string => `${newId()}@demo.example`;
const register = (over: Record<string, unknown> = {}) =>
  api.run<Reply>(`mutation ($input: RegisterUserInput!) { answer: registerUser(input: $input) { ${ERRORS} } }`, {
    input: { email: newAddress(), password, fullName: "Ro Mandel", timeZone: "Europe/Lisbon", ...over },
  });
const ask = (mutation: string, who?: Person | null) => api.run<Reply>(`mutation { answer: ${mutation} { ${ERRORS} } }`, {}, who);
const codes = (answer: { data: Reply }): string[] => answer.data["answer"]?.userErrors.map(({ code }) => code) ?? ["null"];

/** One request with the cookies of a browser, which keeps what it is given. */
async function inBrowser(jar: Map<string, string>, mutation: string, who?: Person | null): Promise<{ tokens: Tokens; set: string[] }> {
  const { body, headers } = await api.post(
    { query: `mutation { answer: ${mutation} { ${TOKENS} } }` },
    { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "), ...(who == null ? {} : { authorization: `Bearer ${who.token}` }) },
  );
  const set = headers.getSetCookie();
  for (const { name, value = "" } of set.map((text) => parseSetCookie(text))) {
    if (value === "") jar.delete(name);
    else jar.set(name, value);
  }
  return { tokens: (body as { data: { answer: Tokens } }).data.answer, set };
}

const signIn = async (email: string, secret = password): Promise<Tokens> =>
  (
    await api.run<{ signIn: Tokens }>(
      `mutation ($email: EmailAddress!, $password: String!) { signIn(email: $email, password: $password, delivery: BODY) { ${TOKENS} } }`,
      {
        email,
        password: secret,
      },
    )
  ).data.signIn;
const refresh = async (refreshToken: string | null): Promise<Tokens> =>
  (await api.run<{ refreshTokens: Tokens }>(`mutation ($token: String) { refreshTokens(refreshToken: $token) { ${TOKENS} } }`, { token: refreshToken })).data
    .refreshTokens;
const asked = (tokens: Tokens): Person => ({ id: tokens.user?.id ?? "", email: tokens.user?.email ?? "", token: tokens.accessToken ?? "" });

const mailsTo = (email: string): Mail[] => api.mails.filter((mail) => mail.to === email);
const mailTo = (email: string, subject: string): Promise<Mail> =>
  waitFor(() => mailsTo(email).find((mail) => mail.subject === subject), { describe: () => mailsTo(email).map((mail) => mail.subject) });
const tokenIn = (mail: Mail): string => /https:\/\/mentoring\.example\/account\/[a-z-]+#([\w-]{43})\n/.exec(mail.text)?.[1] ?? "";

async function registered(): Promise<{ email: string; token: string }> {
  const email = newAddress();
  expect(codes(await register({ email }))).toEqual([]);
  return { email, token: tokenIn(await mailTo(email, "Confirm your address")) };
}

describe("registering", () => {
  test("an account can be used once its address is confirmed by the link of the mail, which is good once", async () => {
    const { email, token } = await registered();
    expect((await signIn(email)).userErrors).toMatchObject([{ code: "EMAIL_NOT_VERIFIED" }]);
    expect((await signIn(email, "not the password")).userErrors).toMatchObject([{ code: "WRONG_CREDENTIALS" }]);

    const verified = await api.run(`mutation { verifyEmail(token: "${token}") { user { fullName timeZone email } ${ERRORS} } }`);
    expect(verified.data).toEqual({ verifyEmail: { user: { fullName: "Ro Mandel", timeZone: "Europe/Lisbon", email: null }, userErrors: [] } });
    expect(codesOf(verified)).toEqual(["UNAUTHENTICATED"]);
    const again = await ask(`verifyEmail(token: "${token}")`);
    expect(again.data["answer"]?.userErrors).toEqual([{ code: "TOKEN_INVALID", field: ["token"] }]);

    const signedIn = await signIn(email);
    expect(signedIn).toMatchObject({ userErrors: [], user: { email } });
    expect((await api.run("{ viewer { email emailVerified active roles } }", {}, asked(signedIn))).data).toEqual({
      viewer: { email, emailVerified: true, active: true, roles: ["LEARNER"] },
    });
  });

  test("a known address is answered like an unknown one, and told by mail", async () => {
    const person = await api.person();
    const [known, unknown] = [await register({ email: person.email.toUpperCase() }), await register()];
    expect(known).toEqual(unknown);
    const mail = await mailTo(person.email, "You have an account already");
    expect(tokenIn(mail)).toBe("");
    expect((await signIn(person.email)).userErrors).toEqual([]);
  });

  test("who registers an address again that was never confirmed decides nothing: whoever reads its mail chooses the password", async () => {
    const { email, token } = await registered();
    await register({ email, password: "the password of a stranger" });
    const mail = await waitFor(() => mailsTo(email)[1]);
    expect(codes(await ask(`verifyEmail(token: "${tokenIn(mail)}")`))).toEqual(["TOKEN_INVALID"]);
    expect(codes(await ask(`resetPassword(token: "${tokenIn(mail)}", newPassword: "${newPassword}")`))).toEqual([]);
    expect(codes(await ask(`verifyEmail(token: "${token}")`))).toEqual(["TOKEN_INVALID"]);
    for (const [secret, expected] of [
      [password, 1],
      ["the password of a stranger", 1],
      [newPassword, 0],
    ] as const)
      expect((await signIn(email, secret)).userErrors).toHaveLength(expected);
  });

  test("everything that is wrong with a form is told at once, and nothing is made or sent", async () => {
    const email = newAddress();
    const answer = await register({ email, password: "short", fullName: "   " });
    expect(answer.data["answer"]?.userErrors).toEqual([
      { code: "INVALID", field: ["input", "password"] },
      { code: "REQUIRED", field: ["input", "fullName"] },
    ]);
    expect((await register({ email, fullName: "\u0000" })).data["answer"]?.userErrors).toMatchObject([{ code: "INVALID", field: ["input", "fullName"] }]);
    expect((await register({ email, password: "x".repeat(129) })).data["answer"]?.userErrors).toMatchObject([{ code: "INVALID" }]);
    expect(await api.engine.sql("select 1 from app_user where email = $1", [email])).toEqual([]);
  });

  test("a link that is too old is good for nothing", async () => {
    const { email, token } = await registered();
    await api.engine.sql("update account_token set expires_at = now() where user_id = (select id from app_user where email = $1)", [email]);
    expect(codes(await ask(`verifyEmail(token: "${token}")`))).toEqual(["TOKEN_INVALID"]);
  });
});

describe("the mails of accounts", () => {
  test("no token lies in the database: not in the tokens' table, and not in any message, job, dead letter or record of mails", async () => {
    const { email, token } = await registered();
    const places = ["account_token", "outbox", "dead_letter", "mail_message", "pgboss.job", "app_user", "refresh_token"];
    const { refreshToken } = await signIn((await api.person()).email);
    for (const place of places) {
      const rows = await api.engine.sql<{ row: string }>(`select row_to_json(t)::text as row from ${place} t`);
      for (const secret of [token, refreshToken ?? "none", Buffer.from(token, "base64url").toString("hex")])
        expect(rows.filter(({ row }) => row.includes(secret))).toEqual([]);
    }
    expect(email).toMatch(/@/);
  });

  test("a mail that could not be sent is tried again, with a link that works and for the time that it says", async () => {
    const email = newAddress();
    api.faults.set("SendAccountMailCommand", new Error("The mail server does not answer"));
    await register({ email });
    const waiting = await waitFor(async () => (await api.engine.sql("select payload from outbox where name = 'SendAccountMailCommand' and attempt = 1"))[0]);
    expect(waiting).toEqual({ payload: { userId: expect.any(String), template: "VERIFY_EMAIL" } });
    api.faults.clear();
    await api.engine.skipWaits();
    expect(codes(await ask(`verifyEmail(token: "${tokenIn(await mailTo(email, "Confirm your address"))}")`))).toEqual([]);
    expect(mailsTo(email)).toHaveLength(1);
  });
});

describe("refresh tokens", () => {
  test("each is good once, for the next one", async () => {
    const first = await signIn((await api.person()).email);
    const second = await refresh(first.refreshToken);
    expect(second).toMatchObject({ userErrors: [], user: first.user });
    const third = await refresh(second.refreshToken);
    expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3);
    expect(third.refreshToken).toMatch(/^[\w-]{43}$/);
    expect((await api.run("{ viewer { id } }", {}, asked(third))).data).toEqual({ viewer: { id: third.user?.id } });
  });

  test("a spent one that comes again ends the whole sign-in, and no other", async () => {
    const { email } = await api.person();
    const [first, other] = [await signIn(email), await signIn(email)];
    const second = await refresh(first.refreshToken);
    expect((await refresh(first.refreshToken)).userErrors).toEqual([{ code: "TOKEN_INVALID", field: ["refreshToken"] }]);
    expect((await refresh(second.refreshToken)).userErrors).toMatchObject([{ code: "TOKEN_INVALID" }]);
    expect((await refresh(other.refreshToken)).userErrors).toEqual([]);
  });

  test("of ten uses at once of one token, one is the first and the others end the sign-in", async () => {
    const { refreshToken } = await signIn((await api.person()).email);
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(refreshToken)));
    const [winner, ...more] = answers.filter(({ accessToken }) => accessToken !== null);
    expect(more).toEqual([]);
    expect((await refresh(winner?.refreshToken ?? null)).userErrors).toMatchObject([{ code: "TOKEN_INVALID" }]);
  });

  test("one that was not used for thirty days has run out, and one that was made up never was", async () => {
    const { refreshToken, user } = await signIn((await api.person()).email);
    const [row] = await api.engine.sql<{ days: number }>(
      "select extract(day from expires_at - created_at)::int as days from refresh_token where user_id = $1",
      [user?.id],
    );
    expect(row).toEqual({ days: 30 });
    await api.engine.sql("update refresh_token set expires_at = now() where user_id = $1", [user?.id]);
    for (const token of [refreshToken, "x", "\u0000", null]) expect((await refresh(token)).userErrors).toMatchObject([{ code: "TOKEN_INVALID" }]);
  });

  test("a browser gets its token in a cookie that no script reads, that goes only to the API and with no request of another site", async () => {
    const jar = new Map<string, string>();
    const { email } = await api.person();
    const { tokens, set } = await inBrowser(jar, `signIn(email: "${email}", password: "${password}")`);
    expect(tokens).toMatchObject({ refreshToken: null, userErrors: [] });
    expect(set).toHaveLength(1);
    expect(parseSetCookie(set[0] ?? "")).toMatchObject({ name: "__Secure-refresh_token", httpOnly: true, secure: true, sameSite: "strict", path: "/graphql" });
    const before = jar.get("__Secure-refresh_token");
    const refreshed = await inBrowser(jar, "refreshTokens");
    expect(refreshed.tokens).toMatchObject({ refreshToken: null, userErrors: [], user: { email } });
    expect(jar.get("__Secure-refresh_token")).not.toBe(before);
  });

  test("two tabs that ask at once stay signed in, but a copy of the cookie that comes later ends the sign-in", async () => {
    const jar = new Map<string, string>();
    await inBrowser(jar, `signIn(email: "${(await api.person()).email}", password: "${password}")`);
    const copy = new Map(jar);
    expect((await inBrowser(jar, "refreshTokens")).tokens.userErrors).toEqual([]);
    // The second tab had sent the old one: it gets an access token, and nothing that would last.
    const second = await inBrowser(new Map(copy), "refreshTokens");
    expect(second).toMatchObject({ tokens: { accessToken: expect.any(String), refreshToken: null }, set: [] });
    expect((await inBrowser(jar, "refreshTokens")).tokens.userErrors).toEqual([]);

    await api.engine.sql("update refresh_token set used_at = used_at - interval '11 seconds' where used_at is not null");
    const late = await inBrowser(copy, "refreshTokens");
    expect(late.tokens.userErrors).toEqual([{ code: "TOKEN_INVALID", field: null }]);
    expect(copy.size).toBe(0);
    expect((await inBrowser(jar, "refreshTokens")).tokens.userErrors).toMatchObject([{ code: "TOKEN_INVALID" }]);
  });

  test("over plain http in development the cookie is not marked as secure, or it would not come back", async () => {
    const local = await ApiTest.open({ development: true });
    try {
      const { email } = await local.person();
      const { headers } = await local.post({ query: `mutation { signIn(email: "${email}", password: "${password}") { ${ERRORS} } }` });
      expect(parseSetCookie(headers.getSetCookie()[0] ?? "")).toMatchObject({ name: "refresh_token", httpOnly: true, sameSite: "strict" });
      expect(headers.getSetCookie()[0]).not.toMatch(/secure/i);
    } finally {
      await local.close();
    }
  });
});

describe("signing out", () => {
  test("ends the sign-in of the token, and no other", async () => {
    const { email } = await api.person();
    const [here, there] = [await signIn(email), await signIn(email)];
    expect(codes(await ask("signOut", asked(here)))).toEqual([]);
    expect((await refresh(here.refreshToken)).userErrors).toMatchObject([{ code: "TOKEN_INVALID" }]);
    expect((await refresh(there.refreshToken)).userErrors).toEqual([]);
  });

  test("everywhere ends all of them and their access tokens at once", async () => {
    const { email } = await api.person();
    const [here, there] = [await signIn(email), await signIn(email)];
    expect(codes(await ask("signOut(everywhere: true)", asked(here)))).toEqual([]);
    expect((await refresh(there.refreshToken)).userErrors).toMatchObject([{ code: "TOKEN_INVALID" }]);
    expect((await api.run("{ viewer { id } }", {}, asked(there))).status).toBe(401);
    expect((await signIn(email)).userErrors).toEqual([]);
  });

  test("takes the browser's cookie away, whose sign-in ends too, but nobody else's", async () => {
    const [one, other] = [await api.person(), await api.person()];
    const [mine, theirs] = [new Map<string, string>(), new Map<string, string>()];
    await inBrowser(mine, `signIn(email: "${one.email}", password: "${password}")`);
    await inBrowser(theirs, `signIn(email: "${other.email}", password: "${password}")`);
    const copies = [new Map(mine), new Map(theirs)] as const;
    for (const jar of [mine, theirs]) {
      await api.post(
        { query: `mutation { signOut { ${ERRORS} } }` },
        { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "), authorization: `Bearer ${one.token}` },
      );
    }
    expect((await inBrowser(copies[0], "refreshTokens")).tokens.userErrors).toMatchObject([{ code: "TOKEN_INVALID" }]);
    expect((await inBrowser(copies[1], "refreshTokens")).tokens.userErrors).toEqual([]);
  });

  test("needs somebody who is signed in", async () => {
    expect(codesOf(await ask("signOut"))).toEqual(["UNAUTHENTICATED"]);
  });
});

describe("a forgotten password", () => {
  const resetTokenOf = async (email: string): Promise<string> => {
    const before = mailsTo(email).length;
    expect(codes(await ask(`requestPasswordReset(email: "${email}")`))).toEqual([]);
    return tokenIn(await waitFor(() => mailsTo(email)[before]));
  };

  test("is replaced by the link of the mail, good once; everybody who was signed in is signed out, and a mail tells", async () => {
    const person = await api.person();
    const before = await signIn(person.email);
    const token = await resetTokenOf(person.email);
    expect((await ask(`resetPassword(token: "${token}", newPassword: "short")`)).data["answer"]?.userErrors).toEqual([
      { code: "INVALID", field: ["newPassword"] },
    ]);
    expect(codes(await ask(`resetPassword(token: "${token}", newPassword: "${newPassword}")`))).toEqual([]);
    expect((await ask(`resetPassword(token: "${token}", newPassword: "${password}")`)).data["answer"]?.userErrors).toEqual([
      { code: "TOKEN_INVALID", field: ["token"] },
    ]);
    expect((await signIn(person.email)).userErrors).toMatchObject([{ code: "WRONG_CREDENTIALS" }]);
    expect((await signIn(person.email, newPassword)).userErrors).toEqual([]);
    expect((await refresh(before.refreshToken)).userErrors).toMatchObject([{ code: "TOKEN_INVALID" }]);
    expect((await api.run("{ viewer { id } }", {}, person)).status).toBe(401);
    await mailTo(person.email, "Your password was changed");
  });

  test("the link is good for fifteen minutes, and only for this", async () => {
    const { email, id } = await api.person();
    const token = await resetTokenOf(email);
    expect(await api.engine.sql("select extract(epoch from expires_at - created_at)::int as seconds from account_token where user_id = $1", [id])).toEqual([
      { seconds: 900 },
    ]);
    expect(codes(await ask(`verifyEmail(token: "${token}")`))).toEqual(["TOKEN_INVALID"]);
    await api.engine.sql("update account_token set expires_at = now() where user_id = $1", [id]);
    expect(codes(await ask(`resetPassword(token: "${token}", newPassword: "${newPassword}")`))).toEqual(["TOKEN_INVALID"]);
  });

  test("the first of several links that is used ends the others", async () => {
    const { email } = await api.person();
    const [first, second] = [await resetTokenOf(email), await resetTokenOf(email)];
    expect(codes(await ask(`resetPassword(token: "${second}", newPassword: "${newPassword}")`))).toEqual([]);
    expect(codes(await ask(`resetPassword(token: "${first}", newPassword: "${password}")`))).toEqual(["TOKEN_INVALID"]);
  });

  test("of two uses at once of one link, one sets its password", async () => {
    const { email } = await api.person();
    const token = await resetTokenOf(email);
    const secrets = [newPassword, `${newPassword} two`];
    const answers = await Promise.all(secrets.map((secret) => ask(`resetPassword(token: "${token}", newPassword: "${secret}")`)));
    expect(answers.flatMap(codes)).toEqual(["TOKEN_INVALID"]);
    const winner = secrets[answers.findIndex((answer) => codes(answer).length === 0)] ?? "";
    expect((await signIn(email, winner)).userErrors).toEqual([]);
  });

  test("an unknown address and an account that is switched off are answered alike and get no mail", async () => {
    const off = await api.person();
    await api.engine.sql("update app_user set active = false where id = $1", [off.id]);
    const [unknown, known] = [newAddress(), (await api.person()).email];
    const answers = await Promise.all([unknown, off.email, known].map((email) => ask(`requestPasswordReset(email: "${email}")`)));
    expect(answers[0]).toEqual(answers[2]);
    expect(answers[1]).toEqual(answers[2]);
    await waitFor(() => mailsTo(known).length === 1);
    await waitFor(async () => (await api.engine.sql("select 1 from pgboss.job where name = 'send-account-mail' union all select 1 from outbox")).length === 0);
    expect([...mailsTo(unknown), ...mailsTo(off.email)]).toEqual([]);
  });
});

describe("the pages that the links of mails lead to", () => {
  interface Page {
    readonly click: () => Promise<unknown>;
    readonly outcome: { textContent?: string };
    readonly headers: Headers;
  }

  /** The page of a link with its script, in as much of a browser as it needs. */
  async function open(mail: Mail, typed?: string): Promise<Page> {
    const link = new URL(/https:\S+/.exec(mail.text)?.[0] ?? "");
    const response = await fetch(`${api.server.url}${link.pathname}`);
    const html = await response.text();
    const source = /<script src="([^"]+)">/.exec(html)?.[1] ?? "";
    const outcome: Page["outcome"] = {};
    let click: Page["click"] = async () => undefined;
    const elements: Record<string, unknown> = {
      form: {
        addEventListener: (_name: string, handle: (event: { preventDefault(): void }) => Promise<unknown>) =>
          (click = () => handle({ preventDefault: () => undefined })),
      },
      outcome,
      password: html.includes('id="password"') ? { value: typed } : null,
    };
    runInNewContext(await (await fetch(`${api.server.url}${source}`)).text(), {
      document: { getElementById: (id: string) => elements[id] },
      location: { hash: link.hash },
      fetch: (path: string, init: RequestInit) => fetch(`${api.server.url}${path}`, init),
    });
    return { click, outcome, headers: response.headers };
  }

  test("one confirms the address, by a click and not by being looked at", async () => {
    const email = newAddress();
    await register({ email });
    const page = await open(await mailTo(email, "Confirm your address"));
    expect((await signIn(email)).userErrors).toMatchObject([{ code: "EMAIL_NOT_VERIFIED" }]);
    await page.click();
    expect(page.outcome.textContent).toMatch(/is confirmed/);
    expect((await signIn(email)).userErrors).toEqual([]);
    await page.click();
    expect(page.outcome.textContent).toMatch(/used already/);
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
  });

  test("the other takes the new password", async () => {
    const { email } = await api.person();
    await ask(`requestPasswordReset(email: "${email}")`);
    const mail = await mailTo(email, "Choose a new password");
    const short = await open(mail, "short");
    await short.click();
    expect(short.outcome.textContent).toMatch(/12 to 128 characters/);
    const page = await open(mail, newPassword);
    await page.click();
    expect(page.outcome.textContent).toMatch(/is saved/);
    expect((await signIn(email, newPassword)).userErrors).toEqual([]);
  });
});

describe("what a person tells about themselves", () => {
  const update = (input: Record<string, unknown>, who: Person | null) =>
    api.run<{ updateProfile: { user: unknown; userErrors: UserError[] } | null }>(
      `mutation ($input: ProfileInput!) { updateProfile(input: $input) { user { fullName bio timeZone email } ${ERRORS} } }`,
      { input: { fullName: "Ro", timeZone: "Pacific/Chatham", ...input } },
      who,
    );

  test("is replaced as a whole", async () => {
    const person = await api.person();
    expect((await update({ bio: "  Reads a lot. " }, person)).data.updateProfile).toEqual({
      user: { fullName: "Ro", bio: "Reads a lot.", timeZone: "Pacific/Chatham", email: person.email },
      userErrors: [],
    });
    expect((await update({ fullName: "Лев 🦁" }, person)).data.updateProfile).toMatchObject({ user: { fullName: "Лев 🦁", bio: null } });
  });

  test("keeps the rules of its fields", async () => {
    const person = await api.person();
    const answer = await update({ fullName: " ", bio: "x".repeat(2_001) }, person);
    expect(answer.data.updateProfile).toEqual({
      user: null,
      userErrors: [
        { code: "REQUIRED", field: ["input", "fullName"] },
        { code: "INVALID", field: ["input", "bio"] },
      ],
    });
    expect((await update({ avatarUploadId: newId() }, person)).data.updateProfile?.userErrors).toEqual([
      { code: "UPLOAD_MISSING", field: ["input", "avatarUploadId"] },
    ]);
    expect(codesOf(await update({ avatarUploadId: "nonsense" }, person))).toEqual(["BAD_USER_INPUT"]);
    expect(codesOf(await update({}, null))).toEqual(["UNAUTHENTICATED"]);
  });
});

describe("people", () => {
  test("everybody sees what a person shows, and nobody their address but they themselves, administrators and the reviewer of their open application", async () => {
    const [person, stranger, reviewer] = [await api.person(), await api.person("REVIEWER"), await api.person("REVIEWER")];
    const see = async (who: Person | null) =>
      (await api.run<{ user: { email: string | null } | null }>(`{ user(id: "${person.id}") { id fullName email } }`, {}, who)).data.user;
    expect(await see(null)).toEqual({ id: person.id, fullName: "Fi Tavgor", email: null });
    const applicationId = newId();
    await api.engine.sql(
      `insert into application_request (id, applicant_id, reviewer_id, status, education, work_experience, description, certifications, consent_at)
       values ($1, $2, $3, 'UNDER_REVIEW', 'A school of note', 'Ten years of it', '', '{}', now())`,
      [applicationId, person.id, reviewer.id],
    );
    for (const [who, isShown] of [
      [stranger, false],
      [reviewer, true],
      [person, true],
      [admin, true],
    ] as const)
      expect((await see(who))?.email).toBe(isShown ? person.email : null);
    const others = await api.run(`{ user(id: "${person.id}") { emailVerified roles active } }`, {}, reviewer);
    expect(codesOf(others)).toEqual(["FORBIDDEN", "FORBIDDEN", "FORBIDDEN"]);
    await api.engine.sql("update application_request set status = 'REJECTED', failure_code = 'REJECTED_BY_REVIEWER', decided_at = now() where id = $1", [
      applicationId,
    ]);
    expect((await see(reviewer))?.email).toBeNull();
    await api.engine.sql("delete from application_request where id = $1", [applicationId]);
    for (const id of [newId(), "nonsense"]) expect((await api.run(`{ user(id: "${id}") { id } }`)).data).toEqual({ user: null });
  });

  test("administrators list accounts by words, role and activity, page by page", async () => {
    const mark = newId().slice(-12);
    const people = [await api.person("OPERATOR"), await api.person("OPERATOR"), await api.person("MENTOR")];
    for (const { id } of people) await api.engine.sql("update app_user set full_name = 'Wim ' || $2 where id = $1", [id, mark]);
    await api.engine.sql("update app_user set active = false where id = $1", [people[0]?.id]);
    const list = async (filter: Record<string, unknown>, page: Record<string, unknown> = {}, who: Person | null = admin) =>
      api.run<{ users: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } | null }>(
        "query ($filter: UserFilter, $first: Int! = 20, $after: String) { users(filter: $filter, first: $first, after: $after) { nodes { id email } pageInfo { hasNextPage endCursor } } }",
        { filter, ...page },
        who,
      );
    const ids = async (filter: Record<string, unknown>) => (await list({ text: `wim ${mark}`, ...filter })).data.users?.nodes.map(({ id }) => id);
    const [a, b, c] = people.map(({ id }) => id);
    expect(await ids({})).toEqual([c, b, a]);
    expect(await ids({ role: "OPERATOR" })).toEqual([b, a]);
    expect(await ids({ active: false })).toEqual([a]);
    expect(await ids({ text: `${b}@demo` })).toEqual([b]);
    expect(await ids({ text: `${mark} %` })).toEqual([]);
    const first = await list({ text: mark }, { first: 2 });
    expect(first.data.users?.pageInfo.hasNextPage).toBe(true);
    const second = await list({ text: mark }, { first: 2, after: first.data.users?.pageInfo.endCursor });
    expect(second.data.users?.nodes.map(({ id }) => id)).toEqual([a]);
    for (const who of [await api.person("OPERATOR", "REVIEWER"), null]) expect(codesOf(await list({}, {}, who))).toHaveLength(1);
  });
});

describe("an administrator", () => {
  const update = (args: string, who: Person | null = admin) =>
    api.run<{ updateUser: { user: unknown; userErrors: UserError[] } | null }>(
      `mutation { updateUser(${args}) { user { id roles active } ${ERRORS} } }`,
      {},
      who,
    );
  const audit = (id: string) => api.engine.sql("select actor_id, action, target_type, detail from audit_entry where target_id = $1 order by occurred_at", [id]);
  const profiles = async (id: string): Promise<number> => (await api.engine.sql("select 1 from mentor_profile where user_id = $1", [id])).length;

  test("gives and takes roles; who becomes a mentor gets a profile, and loses it with the role; all of it is audited", async () => {
    const person = await api.person();
    expect((await update(`id: "${person.id}", roles: [LEARNER, MENTOR, REVIEWER]`)).data.updateUser?.userErrors).toEqual([]);
    expect(await profiles(person.id)).toBe(1);
    const [row] = await api.engine.sql<{ roles: string[] }>("select roles from app_user where id = $1", [person.id]);
    expect(row?.roles.toSorted()).toEqual(["LEARNER", "MENTOR", "REVIEWER"]);
    // The same again changes nothing.
    await update(`id: "${person.id}", roles: [REVIEWER, MENTOR, LEARNER, LEARNER]`);
    await update(`id: "${person.id}"`);
    expect((await update(`id: "${person.id}", roles: [LEARNER]`)).data.updateUser?.user).toMatchObject({ roles: ["LEARNER"], active: true });
    expect(await profiles(person.id)).toBe(0);
    expect(await audit(person.id)).toEqual([
      { actor_id: admin.id, action: "updateUser", target_type: "User", detail: { roles: [["LEARNER"], ["LEARNER", "MENTOR", "REVIEWER"]] } },
      { actor_id: admin.id, action: "updateUser", target_type: "User", detail: { roles: [["LEARNER", "MENTOR", "REVIEWER"], ["LEARNER"]] } },
    ]);
  });

  test("switches an account off, which signs it out everywhere and ends its links, and on again", async () => {
    const { email, id } = await api.person();
    const signedIn = await signIn(email);
    await ask(`requestPasswordReset(email: "${email}")`);
    const token = tokenIn(await mailTo(email, "Choose a new password"));
    expect((await update(`id: "${id}", active: false`)).data.updateUser?.user).toMatchObject({ id, active: false });
    expect((await api.run("{ viewer { id } }", {}, asked(signedIn))).status).toBe(401);
    expect((await refresh(signedIn.refreshToken)).userErrors).toMatchObject([{ code: "TOKEN_INVALID" }]);
    expect(codes(await ask(`resetPassword(token: "${token}", newPassword: "${newPassword}")`))).toEqual(["TOKEN_INVALID"]);
    expect((await signIn(email)).userErrors).toMatchObject([{ code: "ACCOUNT_INACTIVE" }]);
    await update(`id: "${id}", active: true`);
    // What ended stays ended.
    expect((await api.run("{ viewer { id } }", {}, asked(signedIn))).status).toBe(401);
    expect((await refresh(signedIn.refreshToken)).userErrors).toMatchObject([{ code: "TOKEN_INVALID" }]);
    expect(codes(await ask(`resetPassword(token: "${token}", newPassword: "${newPassword}")`))).toEqual(["TOKEN_INVALID"]);
    expect((await signIn(email)).userErrors).toEqual([]);
    expect((await audit(id)).map((entry) => (entry as { detail: unknown }).detail)).toEqual([{ active: false }, { active: true }]);
  });

  test("cannot shut themselves out, and nobody can take LEARNER", async () => {
    const self = await update(`id: "${admin.id}", roles: [MENTOR], active: false`);
    expect(self.data.updateUser?.userErrors).toEqual([
      { code: "INVALID", field: ["roles"] },
      { code: "INVALID", field: ["roles"] },
      { code: "INVALID", field: ["active"] },
    ]);
    expect((await update(`id: "${admin.id}", roles: [LEARNER, ADMIN, OPERATOR]`)).data.updateUser?.userErrors).toEqual([]);
    expect((await update(`id: "${admin.id}", roles: [LEARNER, ADMIN]`)).data.updateUser?.userErrors).toEqual([]);
    for (const id of [newId(), "nonsense"])
      expect((await update(`id: "${id}", active: true`)).data.updateUser?.userErrors).toEqual([{ code: "NOT_FOUND", field: ["id"] }]);
    expect(codesOf(await update(`id: "${admin.id}", active: true`, await api.person("OPERATOR")))).toEqual(["FORBIDDEN"]);
  });
});

describe("notifications", () => {
  const tell = async (person: Person, title: string): Promise<string> => {
    const id = newId();
    await api.engine.sql("insert into notification (id, user_id, title, message, dedupe_key) values ($1, $2, $3, 'About it.', $4)", [id, person.id, title, id]);
    return id;
  };
  const mine = async (who: Person, args = "") =>
    (
      await api.run<{ viewer: { unreadNotificationCount: number; notifications: { nodes: { id: string; readAt: string | null }[] } } }>(
        `{ viewer { unreadNotificationCount notifications${args} { nodes { id title message createdAt readAt saga { id } } } } }`,
        {},
        who,
      )
    ).data.viewer;
  const mark = (ids: string[], who: Person) =>
    api.run<{ markNotificationsRead: { user: unknown; userErrors: UserError[] } }>(
      `mutation ($ids: [ID!]!) { markNotificationsRead(ids: $ids) { user { unreadNotificationCount } ${ERRORS} } }`,
      { ids },
      who,
    );

  test("are listed newest first, counted, and marked as read once", async () => {
    const person = await api.person();
    const ids = [await tell(person, "One"), await tell(person, "Two"), await tell(person, "Three")];
    expect((await mine(person)).notifications.nodes.map(({ id }) => id)).toEqual(ids.toReversed());
    expect((await mark(ids.slice(0, 2), person)).data.markNotificationsRead).toEqual({ user: { unreadNotificationCount: 1 }, userErrors: [] });
    const read = (await mine(person)).notifications.nodes.find(({ id }) => id === ids[0]);
    await mark(ids.slice(0, 1), person);
    expect((await mine(person)).notifications.nodes.find(({ id }) => id === ids[0])).toEqual(read);
    expect((await mine(person, "(unreadOnly: true)")).notifications.nodes.map(({ id }) => id)).toEqual([ids[2]]);
    expect((await mine(person, "(first: 1)")).notifications.nodes).toHaveLength(1);
  });

  test("are the person's alone: others cannot mark or see them, administrators included", async () => {
    const [person, other] = [await api.person(), await api.person()];
    const [theirs, own] = [await tell(person, "Private"), await tell(other, "Own")];
    for (const id of [theirs, newId(), "nonsense"])
      expect((await mark([own, id], other)).data.markNotificationsRead).toEqual({ user: null, userErrors: [{ code: "NOT_FOUND", field: ["ids", "1"] }] });
    expect((await mine(other)).unreadNotificationCount).toBe(1);
    const answer = await api.run(`{ user(id: "${person.id}") { unreadNotificationCount notifications { nodes { id } } } }`, {}, admin);
    expect(answer.data).toEqual({ user: { unreadNotificationCount: null, notifications: null } });
    expect(codesOf(answer)).toEqual(["FORBIDDEN", "FORBIDDEN"]);
  });
});

test("where an outside issuer keeps the accounts, they are neither made nor signed in to here; profiles are still written", async () => {
  const outside = await ApiTest.open({ identity: { verify: (token) => api.identity.verify(token) } });
  try {
    const [row] = [await outside.person()];
    const token = (await api.identity.issue({ id: row.id, roles: ["LEARNER"], tokenGeneration: 1 })).accessToken;
    const mutations = {
      registerUser: 'registerUser(input: { email: "a@b.example", password: "x", fullName: "x", timeZone: "UTC" })',
      verifyEmail: 'verifyEmail(token: "x")',
      signIn: 'signIn(email: "a@b.example", password: "x")',
      refreshTokens: "refreshTokens",
      signOut: "signOut",
      requestPasswordReset: 'requestPasswordReset(email: "a@b.example")',
      resetPassword: 'resetPassword(token: "x", newPassword: "x")',
    };
    for (const [name, mutation] of Object.entries(mutations)) {
      const answer = await outside.run(`mutation { ${mutation} { ${ERRORS} } }`, {}, { ...row, token });
      expect([name, answer.status, answer.data, codesOf(answer)]).toEqual([name, 200, { [name]: null }, ["NOT_SUPPORTED"]]);
    }
    const profile = await outside.run(
      `mutation { updateProfile(input: { fullName: "Ro", timeZone: "UTC" }) { user { fullName } ${ERRORS} } }`,
      {},
      { ...row, token },
    );
    expect(profile.data).toEqual({ updateProfile: { user: { fullName: "Ro" }, userErrors: [] } });
  } finally {
    await outside.close();
  }
});
