import { SignInDocument } from "./generated/graphql.ts";
import { ApiTest, codesOf, password } from "./support.ts";

let api: ApiTest;
beforeAll(async () => {
  api = await ApiTest.open();
});
afterAll(() => api.close());

test("a sign-in answers with a token that the API accepts, whatever the case of the address", async () => {
  const person = await api.person("MENTOR");
  const { data } = await api.run(SignInDocument, { email: person.email.toUpperCase(), password });
  expect(data.signIn?.userErrors).toEqual([]);
  expect(data.signIn?.user).toEqual({ id: person.id, email: person.email, roles: ["LEARNER", "MENTOR"] });
  expect(data.signIn?.accessTokenExpiresAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

  const viewer = await api.run("{ viewer { id email } }", {}, { ...person, token: data.signIn?.accessToken ?? "" });
  expect(viewer.data).toEqual({ viewer: { id: person.id, email: person.email } });
});

test("an unknown address and a wrong password get the same answer", async () => {
  const person = await api.person();
  const wrong = await api.run(SignInDocument, { email: person.email, password: "not the password" });
  const unknown = await api.run(SignInDocument, { email: "nobody@demo.example", password });
  expect(wrong.data).toEqual(unknown.data);
  expect(wrong.data.signIn).toMatchObject({ accessToken: null, user: null, userErrors: [{ code: "WRONG_CREDENTIALS", field: null }] });
});

test("nobody is signed in without a token, and a token that does not hold is refused as a whole", async () => {
  expect((await api.run("{ viewer { id } }")).data).toEqual({ viewer: null });
  for (const authorization of ["Bearer nonsense", "Basic abc", "Bearer"]) {
    const { status, body } = await api.post({ query: "{ viewer { id } }" }, { authorization });
    expect(status).toBe(401);
    expect(codesOf(body as never)).toEqual(["UNAUTHENTICATED"]);
  }
});

test("one request tries one password", async () => {
  const tries = Array.from({ length: 3 }, (_, index) => `t${index}: signIn(email: "nobody@demo.example", password: "x") { userErrors { code } }`);
  const answer = await api.run(`mutation { ${tries.join(" ")} }`);
  expect(answer.status).toBe(400);
  expect(codesOf(answer)).toEqual(["QUERY_TOO_COMPLEX"]);
});

test("a token ends with the account's generation or activity", async () => {
  const quick = await ApiTest.open({ standingTtlMs: 0 });
  try {
    const person = await quick.person();
    expect((await quick.run("{ viewer { id } }", {}, person)).data).toEqual({ viewer: { id: person.id } });
    await quick.engine.sql("update app_user set token_generation = token_generation + 1 where id = $1", [person.id]);
    expect((await quick.run("{ viewer { id } }", {}, person)).status).toBe(401);

    const renewed = { ...person, token: await quick.tokenOf(person.id) };
    await quick.engine.sql("update app_user set active = false where id = $1", [person.id]);
    expect((await quick.run("{ viewer { id } }", {}, renewed)).status).toBe(401);
  } finally {
    await quick.close();
  }
});
