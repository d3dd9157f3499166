import { t } from "../../../../src/outbox/index.ts";
import { fail, migration, type SagaMigration } from "../../../../src/sagas/engine/index.ts";
import { build, insert, plainStep, repair, type Part } from "../repair.ts";

// A shop and its two releases: the second washes every bicycle, sends no bills any more, and gives up when the shop is closed.

export const first = build(repair());

const renewed = { ...repair(), version: 2 };
renewed.nodes.splice(4, 1);
insert(renewed, "Bringing", "Washing", plainStep(renewed, "Wash"));
renewed.words.events["ShopClosedEvent"] = { repairId: t.id() };
renewed.interrupts.push({ event: "ShopClosedEvent", during: "any", then: fail("Slow") });
export const second = build(renewed);

export const firstToSecond: SagaMigration = migration(first, second, { states: { Billing: "Fetching" }, data: (data: Part) => data });
