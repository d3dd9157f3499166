import type { AnyOutcome } from "./outcome.ts";
import { isFinal, stateAfter, type CompiledBranch, type Definition, type Node } from "./compiled.ts";
import { describeMs } from "./duration.ts";
import { attemptsOf } from "./retry.ts";

const IDENTIFIER = /^[a-z_][a-z0-9_]*$/;

/** What the compiler cannot see: each problem of a definition as a sentence that says what to change. */
export function checkDefinition(definition: Definition): string[] {
  const name = `${definition.name} v${definition.version}`;
  const problems: string[] = [];
  const problem = (text: string): void => void problems.push(`${name}: ${text}`);
  const { start } = definition;

  if (start === null) {
    problem("no event starts it. Add .startOn(event, { state, key, init }).");
    return problems;
  }
  if (!Number.isInteger(definition.version) || definition.version < 1) problem(`the version is ${definition.version}. Count versions from 1 in whole numbers.`);
  const finals = Object.entries(definition.finals);
  const failing = finals.filter(([, kind]) => kind === "failed");
  if (!finals.some(([, kind]) => kind === "succeeded")) problem('no final says "succeeded". Declare how the saga ends well.');
  const path = [...definition.nodes.keys()];
  if (path[0] !== start.state) problem(`it starts in ${start.state}, but ${path[0]} is defined first. Call startOn before the first step, wait and milestone.`);
  for (const both of path.filter((state) => isFinal(definition, state))) problem(`${both} is a state and a final. Give one of them another name.`);

  const canFail = definition.interrupts.some((interrupt) => interrupt.then.go === "fail") || [...definition.nodes.values()].some((node) => outcomesOf(node).some((outcome) => outcome.go === "fail"));
  if (canFail && definition.failedFinal === null) problem(`it can fail, but nothing says where a failed saga ends. Add .onFailed({ final: "${failing[0]?.[0] ?? "…"}" }).`);
  if (definition.failedFinal !== null && definition.finals[definition.failedFinal] !== "failed") {
    problem(`onFailed ends in ${definition.failedFinal}, which is declared "succeeded". Name a final that is declared "failed".`);
  }

  for (const node of definition.nodes.values()) checkNode(definition, node, problem);
  checkWays(definition, start.state, problem);
  checkReasons(definition, problem);

  const { reflect } = definition;
  if (reflect !== null) {
    for (const identifier of [reflect.table, reflect.statusColumn, ...(reflect.reasonColumns === null ? [] : [reflect.reasonColumns])]) {
      if (!IDENTIFIER.test(identifier)) problem(`reflect names "${identifier}", which is no plain column or table name. Use lower-case letters, digits and underscores.`);
    }
  }
  return problems;
}

function checkNode(definition: Definition, node: Node, problem: (text: string) => void): void {
  if (stateAfter(definition, node.state) === null && outcomesOf(node).some((outcome) => outcome.go === "next" || outcome.go === "skip")) {
    problem(`${node.state} is the last state, so next and skip lead nowhere. Use finish(…) there or define the state that follows.`);
  }
  if (node.kind !== "step") return;
  const attempts = attemptsOf(node.retry);
  const waits = node.retry.waitsMs.reduce((sum, wait) => sum + wait, 0) * (1 + node.retry.jitter);
  const needed = attempts * node.attemptTimeoutMs + waits;
  if (node.timeoutMs < needed) {
    problem(
      `${node.state} ends after ${describeMs(node.timeoutMs)}, but its attempts may need ${attempts} x ${describeMs(node.attemptTimeoutMs)} + ${describeMs(waits)} of waits = ${describeMs(needed)}. ` +
        `Raise the timeout to at least ${describeMs(needed)}, or lower attempts, waits or attemptTimeout.`,
    );
  }
  if (node.undo === null && outcomesOf(node).some((outcome) => outcome.go === "fail" && outcome.partly === true)) {
    problem(`${node.state} may fail partly, but says effect: "${node.effect}". Give it a compensate, or use fail instead of failPartly.`);
  }
}

/** Every state can be reached, every state can reach an end, and no circle of steps runs without a bound. */
function checkWays(definition: Definition, first: string, problem: (text: string) => void): void {
  const ways = new Map([...definition.nodes.values()].map((node) => [node.state, waysFrom(definition, node)]));
  const reached = new Set<string>();
  const visit = (state: string): void => {
    if (reached.has(state)) return;
    reached.add(state);
    for (const way of ways.get(state) ?? []) visit(way.to);
  };
  visit(first);
  for (const interrupt of definition.interrupts) {
    for (const outcome of flatten(interrupt.then)) if (outcome.go === "state") visit(outcome.to);
  }
  for (const state of [...definition.nodes.keys(), ...Object.keys(definition.finals)]) {
    if (!reached.has(state) && state !== definition.failedFinal) problem(`${state} can never be reached. Lead an outcome to it or remove it.`);
  }
  for (const state of definition.nodes.keys()) {
    if (reached.has(state) && !reachesEnd(definition, ways, state)) problem(`from ${state} no way leads to an end. Let one of its outcomes finish, fail, or go on towards a final.`);
    if (circles(definition, ways, state)) problem(`${state} can come back to itself by go(…) without waiting and without a bound. Use loop(state, atMost, orElse).`);
  }
}

interface Way {
  readonly to: string;
  readonly isBounded: boolean;
}

function waysFrom(definition: Definition, node: Node): Way[] {
  if (node.kind === "milestone") {
    const following = stateAfter(definition, node.state);
    return following === null ? [] : [{ to: following, isBounded: false }];
  }
  return outcomesOf(node).flatMap((outcome): Way[] => {
    const following = stateAfter(definition, node.state);
    if (outcome.go === "next" || outcome.go === "skip") return following === null ? [] : [{ to: following, isBounded: false }];
    if (outcome.go === "state") return [{ to: outcome.to, isBounded: outcome.atMost !== undefined }];
    if (outcome.go === "final") return [{ to: outcome.final, isBounded: false }];
    if (outcome.go === "fail" && definition.failedFinal !== null) return [{ to: definition.failedFinal, isBounded: false }];
    return [];
  });
}

function reachesEnd(definition: Definition, ways: ReadonlyMap<string, Way[]>, from: string): boolean {
  const seen = new Set<string>();
  const walk = (state: string): boolean => {
    if (isFinal(definition, state)) return true;
    if (seen.has(state)) return false;
    seen.add(state);
    return (ways.get(state) ?? []).some((way) => walk(way.to));
  };
  return walk(from);
}

function circles(definition: Definition, ways: ReadonlyMap<string, Way[]>, from: string): boolean {
  const seen = new Set<string>();
  const walk = (state: string): boolean => {
    if (definition.nodes.get(state)?.kind === "wait") return false;
    return (ways.get(state) ?? []).some((way) => {
      if (way.isBounded) return false;
      if (way.to === from) return true;
      if (seen.has(way.to)) return false;
      seen.add(way.to);
      return walk(way.to);
    });
  };
  return walk(from);
}

function checkReasons(definition: Definition, problem: (text: string) => void): void {
  const outcomes = [...[...definition.nodes.values()].flatMap(outcomesOf), ...definition.interrupts.flatMap((interrupt) => flatten(interrupt.then))];
  const used = new Set(outcomes.flatMap((outcome) => (outcome.go === "fail" ? [outcome.reason] : [])));
  for (const reason of Object.keys(definition.reasons)) {
    if (!used.has(reason)) problem(`the reason ${reason} is declared, but nothing fails with it. Use it or remove it.`);
  }
}

function outcomesOf(node: Node): AnyOutcome[] {
  if (node.kind === "milestone") return [];
  const branches: CompiledBranch[] = [...(node.kind === "step" ? node.replies : node.on).values()];
  const ends = node.kind === "step" ? [node.onTimeout, node.onExhausted] : [node.onDeadline];
  return [...branches.flatMap((branch) => [...branch.arms.values()].map((arm) => arm.then)), ...ends].flatMap(flatten);
}

const flatten = (outcome: AnyOutcome): AnyOutcome[] => (outcome.go === "state" && outcome.orElse !== undefined ? [outcome, ...flatten(outcome.orElse)] : [outcome]);
