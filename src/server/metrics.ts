import { createHash, timingSafeEqual } from "node:crypto";
import { Router } from "express";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Figure } from "../schema/operations/figures.ts";
import { bearerOf } from "./authentication.ts";
import { errorBody } from "./error-body.ts";

export interface MetricsParts {
  readonly readFigures: () => Promise<readonly Figure[]>;
  /** What a scraper has to send as `Authorization: Bearer`; null: nothing. */
  readonly token: string | null;
}

/**
 * GET /metrics, in the text format of Prometheus: the platform as the database knows it at the time of the question, so that every process
 * tells the same, and how this process does. Questions that come meanwhile share one answer. 401 without the token.
 */
export function metricsRoute({ readFigures, token }: MetricsParts): Router {
  const ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });

  const read = async (): Promise<string> => {
    const ofPlatform = new Registry();
    for (const { name, help, values } of await readFigures()) {
      const labelNames = Object.keys(values[0]?.labels ?? {});
      const gauge = new Gauge({ name: `mentorplatform_${name}`, help, labelNames, registers: [ofPlatform] });
      for (const { labels, value } of values) gauge.set(labels, value);
    }
    return Registry.merge([ofPlatform, ofProcess]).metrics();
  };

  let reading: Promise<string> | null = null;
  const router = Router();
  router.get("/metrics", (request, response, next) => {
    if (token !== null && !isSame(bearerOf(request.get("authorization") ?? "") ?? "", token)) {
      response.status(401).set("www-authenticate", "Bearer").json(errorBody("UNAUTHENTICATED", "Send METRICS_TOKEN as Authorization: Bearer."));
      return;
    }
    reading ??= read().finally(() => (reading = null));
    reading.then((text) => response.set("content-type", ofProcess.contentType).send(text)).catch(next);
  });
  return router;
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));
