import type { Actor } from "../../src/domain/actor.ts";
import { findCategories, findCourses, listCategories, listCourses, type CourseFilter } from "../../src/domain/courses/course.queries.ts";
import { hashPassword } from "../../src/domain/users/password.ts";
import { findUserByEmail, findUsers } from "../../src/domain/users/user.queries.ts";
import { authenticate } from "../../src/domain/users/user.service.ts";
import { newId } from "../../src/kernel/ids.ts";
import { SagaRegistry } from "../../src/sagas/engine/index.ts";
import { sagas } from "../../src/sagas/index.ts";
import { fillDatabase } from "../../src/seed/fill.ts";
import { demoAccount } from "../../src/seed/people.ts";
import { DomainTest } from "./support.ts";

let t: DomainTest;
beforeAll(async () => {
  t = await DomainTest.open();
  await fillDatabase({ url: t.db.url, registry: new SagaRegistry(sagas), profile: "demo", day: new Date(), putFile: () => Promise.resolve() });
});
afterAll(() => t.db.dispose());

const list = async (viewer: Actor | null, filter: CourseFilter | null = null): Promise<Awaited<ReturnType<typeof listCourses>>["nodes"]> =>
  (await listCourses(t.em, { viewer, filter, first: 100, after: null })).nodes;

describe("the seed", () => {
  test("lets everybody sign in with the number of their address, but for the one that is switched off", async () => {
    expect((await authenticate(t.em, demoAccount("operator", 2))).roles).toEqual(["LEARNER", "OPERATOR"]);
    await expect(authenticate(t.em, demoAccount("learner", 600))).rejects.toMatchObject({ code: "ACCOUNT_INACTIVE" });
  });
});

describe("the catalogue", () => {
  test("shows drafts and archived courses to their mentor and to administrators only", async () => {
    const hidden = await t.db.sql<{ id: string; mentor_id: string }>("select id, mentor_id from course where status <> 'PUBLISHED'");
    const [draft] = hidden;
    const seenBy = async (viewer: Actor | null): Promise<number> => (await list(viewer)).filter((course) => hidden.some((row) => row.id === course.id)).length;
    expect(await seenBy(null)).toBe(0);
    expect(await seenBy({ id: newId(), roles: ["LEARNER", "MENTOR"] })).toBe(0);
    expect(await seenBy({ id: draft?.mentor_id ?? "", roles: ["LEARNER", "MENTOR"] })).toBeGreaterThan(0);
    expect(await seenBy({ id: newId(), roles: ["LEARNER", "ADMIN"] })).toBe(2);
    const course = (await findCourses(t.em, [draft?.id ?? ""])).get(draft?.id ?? "");
    expect(
      [null, { id: newId(), roles: ["LEARNER" as const] }, { id: draft?.mentor_id ?? "", roles: [] }, { id: newId(), roles: ["ADMIN" as const] }].map(
        (viewer) => course?.isVisibleTo(viewer),
      ),
    ).toEqual([false, false, true, true]);
  });

  test("filters by what is asked for and takes no word as a pattern", async () => {
    expect((await list(null, { openForEnrollment: false })).map((course) => course.title).sort()).toEqual([
      "First steps with accessible forms",
      "First steps with sampling",
    ]);
    expect(await list(null, { openForEnrollment: true })).toHaveLength(86);
    expect((await list(null, { text: " PLANS\0practice " })).map((course) => course.title)).toEqual(["Query plans in practice"]);
    expect(await list(null, { text: "%" })).toHaveLength(0);
    expect(await list(null, { text: "_" })).toHaveLength(0);
    expect(await list(null, { status: ["DRAFT"] })).toHaveLength(0);
    expect(await list(null, { categoryId: "no id" })).toHaveLength(0);
    const [first] = await list(null, { level: "ADVANCED" });
    expect(first?.level).toBe("ADVANCED");
    expect((await list(null, { mentorId: first?.mentorId ?? "", categoryId: first?.categoryId ?? "" })).map((course) => course.id)).toContain(first?.id);
  });

  test("pages newest first without a gap, also where courses were made at the same instant", async () => {
    await t.db.sql("update course set created_at = date_trunc('month', created_at)");
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const page = await listCourses(t.em, { viewer: null, first: 7, after });
      seen.push(...page.cursors);
      after = seen.at(-1) ?? null;
      more = page.hasNextPage;
    }
    expect(seen).toHaveLength(88);
    expect(new Set(seen).size).toBe(88);
  });

  test("lists categories by name", async () => {
    const categories = await listCategories(t.em);
    expect(categories.map((category) => category.name)).toEqual(categories.map((category) => category.name).sort());
    expect((await findCategories(t.em, [categories[0]?.id ?? "", newId(), "no id"])).size).toBe(1);
  });
});

describe("accounts", () => {
  test("an unknown address, a wrong password and a switched-off account with a wrong password sound alike", async () => {
    const passwordHash = await hashPassword("a long password", { memory: 64, passes: 1, parallelism: 1 });
    const id = await t.user({ passwordHash, active: false });
    const refusal = async (email: string, password: string): Promise<unknown> => authenticate(t.em, { email, password }).catch((error: unknown) => error);
    const unknown = await refusal("nobody@demo.example", "x");
    expect(unknown).toMatchObject({ code: "WRONG_CREDENTIALS", field: null });
    for (const other of [await refusal(`${id}@demo.example`, "x"), await refusal("nul\0@demo.example", "x")]) {
      expect((other as Error).message).toBe((unknown as Error).message);
    }
    expect(await refusal(`${id}@demo.example`, "a long password")).toMatchObject({ code: "ACCOUNT_INACTIVE" });
  });

  test("addresses are compared without regard to case", async () => {
    expect((await findUserByEmail(t.em, "LEARNER-0001@Demo.Example"))?.email).toBe("learner-0001@demo.example");
    expect((await authenticate(t.em, { ...demoAccount("learner", 1), email: " Learner-0001@demo.example " })).hasRole("LEARNER")).toBe(true);
    expect((await findUsers(t.em, [newId(), "no id"])).size).toBe(0);
  });
});
