import { adoptExternalAccount } from "../../src/domain/users/external-account.service.ts";
import type { ExternalPerson } from "../../src/domain/users/identity.port.ts";
import { createOidcIdentity } from "../../src/gateways/oidc-identity.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { AUDIENCE, Issuer } from "../support/oidc-issuer.ts";
import { ApiTest } from "./support.ts";

let issuer: Issuer;
let api: ApiTest;
beforeAll(async () => {
  issuer = await Issuer.start();
  const adopt = (person: ExternalPerson) => api.engine.transaction((em) => adoptExternalAccount(em, person));
  const identity = createOidcIdentity({ issuer: issuer.url, audience: AUDIENCE, roleClaim: "realm_access.roles", log: silentLog, adopt });
  api = await ApiTest.open({ identity, standingTtlMs: 0 });
});
afterAll(async () => {
  await api.close();
  await issuer.stop();
});

test("a token of an outside issuer signs in: the account is made at first sight and may do what its row says, while it is active", async () => {
  const who = { id: "", email: "", token: await issuer.accessToken() };
  const query = "{ viewer { id fullName email emailVerified roles } }";
  const first = await api.run<{ viewer: { id: string } }>(query, {}, who);
  expect(first.data.viewer).toMatchObject({ fullName: "A service", email: "Service@Mentoring.example", emailVerified: true, roles: ["LEARNER", "OPERATOR"] });
  expect((await api.run("{ queues { name } }", {}, who)).errors).toBeUndefined();
  const again = await api.run<{ viewer: { id: string } }>(query, {}, { ...who, token: await issuer.accessToken() });
  expect(again.data.viewer.id).toBe(first.data.viewer.id);
  await api.engine.sql("update app_user set active = false where id = $1", [first.data.viewer.id]);
  expect((await api.run(query, {}, who)).status).toBe(401);
});
