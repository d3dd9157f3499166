import type { AnyOutcome } from "./outcome.ts";
import type { AnyCommand } from "../../outbox/index.ts";
import {
  isFinal,
  pathOf,
  stateAfter,
  type CompiledBranch,
  type Definition,
  type GroupNode,
  type Interrupt,
  type Node,
  type Start,
  type StepNode,
  type WaitNode,
} from "./compiled.ts";
import { attemptsOf } from "./retry.ts";
import { isSubSagaNode } from "./sub-saga.ts";

const IDENTIFIER = /^[a-z_][a-z0-9_]*$/;
const secondMs = 1_000;

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

  const canFail = allOutcomes(definition).some((outcome) => outcome.go === "fail");
  if (canFail && definition.failedFinal === null)
    problem(`it can fail, but nothing says where a failed saga ends. Add .onFailed({ final: "${failing[0]?.[0] ?? "…"}" }).`);
  if (definition.failedFinal !== null && definition.finals[definition.failedFinal] !== "failed") {
    problem(`onFailed ends in ${definition.failedFinal}, which is declared "succeeded". Name a final that is declared "failed".`);
  }
  if (definition.tell !== null && !canFail)
    problem(`onFailed tells by ${definition.tell.command.name}, but nothing can fail. Let an outcome fail, or remove tell.`);

  for (const node of definition.nodes.values()) checkNode(definition, node, problem);
  checkGroups(definition, problem);
  checkNames(definition, problem);
  for (const interrupt of definition.interrupts) checkInterrupt(definition, interrupt, problem);
  checkCommand(start.state, start.undo?.command, problem);
  checkCommand("onFailed", definition.tell?.command, problem);
  checkHearing(definition, start, problem);
  checkWays(definition, start.state, problem);
  checkReasons(definition, problem);

  const { reflect } = definition;
  if (reflect !== null) {
    for (const identifier of [reflect.table, reflect.statusColumn, ...(reflect.reasonColumns === null ? [] : [reflect.reasonColumns])]) {
      if (!IDENTIFIER.test(identifier))
        problem(`reflect names "${identifier}", which is no plain column or table name. Use lower-case letters, digits and underscores.`);
    }
  }
  return problems;
}

function checkNode(definition: Definition, node: Node, problem: (text: string) => void): void {
  const isInGroup = node.kind === "step" && node.group !== null;
  if (!isInGroup && stateAfter(definition, node.state) === null && outcomesOf(node).some((outcome) => outcome.go === "next" || outcome.go === "skip")) {
    problem(`${node.state} is the last state, so next and skip lead nowhere. Use finish(…) there or define the state that follows.`);
  }
  checkLoops(definition, node.state, outcomesOf(node), problem);
  if (node.kind === "step" || node.kind === "wait") checkReminder(node, problem);
  if (node.kind === "wait" && node.tell !== null) {
    checkCommand(node.state, node.tell.command, problem);
    if (!outcomesOf(node).some((outcome) => outcome.go === "stay"))
      problem(`${node.state} tells by ${node.tell.command.name}, but no event leads to stay, so it would never be sent. Let one stay, or remove tell.`);
  }
  if (node.kind !== "step") return;
  checkCommand(node.state, node.command, problem);
  checkCommand(node.state, node.undo?.command, problem);
  const attempts = attemptsOf(node.retry);
  const waits = Math.round(node.retry.waitsMs.reduce((sum, wait) => sum + wait, 0) * (1 + node.retry.jitter));
  const needed = attempts * node.attemptTimeoutMs + waits;
  if (node.timeoutMs < needed) {
    const [ends, whose] = node.group === null ? [node.state, "its attempts"] : [node.group, `the attempts of its step ${node.state}`];
    problem(
      `${ends} ends after ${seconds(node.timeoutMs)}, but ${whose} may need ${attempts} x ${seconds(node.attemptTimeoutMs)} + ${seconds(waits)} of waits = ${seconds(needed)}. ` +
        `Raise the timeout to at least ${seconds(needed)}${isSubSagaNode(node) ? "" : ", or lower attempts, waits or attemptTimeout"}.`,
    );
  }
  if (node.undo === null && outcomesOf(node).some((outcome) => outcome.go === "fail" && outcome.partly === true)) {
    problem(`${node.state} may fail partly, but says effect: "${node.effect}". Give it a compensate, or use fail instead of failPartly.`);
  }
}

/** A group has something to run at the same time. */
function checkGroups(definition: Definition, problem: (text: string) => void): void {
  for (const node of definition.nodes.values()) {
    if (node.kind !== "group") continue;
    if (node.steps.length < 2)
      problem(`${node.state} runs ${node.steps.length === 1 ? "one step" : "no step"} in parallel. Give it two at least, or use step.`);
  }
}

/** Whatever leads somewhere names what there is. The compiler says so too, but a program that runs from its sources has not met it. */
function checkNames(definition: Definition, problem: (text: string) => void): void {
  const { nodes, finals, reasons } = definition;
  const checkState = (state: string, how: string): void => {
    const node = nodes.get(state);
    if (node?.kind === "step" && node.group !== null) problem(`${how} ${state}, which is a step of ${node.group} and no state of its own. Name ${node.group}.`);
    else if (node === undefined && isFinal(definition, state)) problem(`${how} ${state}, which is a final and no state. Use finish("${state}").`);
    else if (node === undefined) problem(`${how} ${state}, which is no state. Name one of ${pathOf(definition).join(", ")}, or define it.`);
  };
  const leads: [string, AnyOutcome[]][] = [...nodes.values()].map((node) => [node.state, outcomesOf(node)]);
  for (const { event, during, then } of definition.interrupts) {
    leads.push([event.name, flatten(then)]);
    if (during !== "any") for (const state of during) checkState(state, `${event.name} may come in`);
  }
  for (const [where, outcomes] of leads)
    for (const outcome of outcomes) {
      if (outcome.go === "state") checkState(outcome.to, `${where} leads to`);
      if (outcome.go === "final" && !isFinal(definition, outcome.final))
        problem(`${where} ends in ${outcome.final}, which is no final. Name one of ${Object.keys(finals).join(", ")}, or declare it.`);
      if ("reason" in outcome && outcome.reason !== undefined && reasons[outcome.reason] === undefined)
        problem(`${where} gives the reason ${outcome.reason}, which is not declared. Declare it under reasons.`);
    }
}

/** A reminder comes at least once, and not so often that it is nothing but noise. */
function checkReminder(node: StepNode | WaitNode, problem: (text: string) => void): void {
  const { state, remind } = node;
  if (remind === null) return;
  checkCommand(state, remind.command, problem);
  const { when } = remind;
  if ("at" in when) {
    if (when.at.length === 0) problem(`${state} reminds at no instant. List one under at, or remove remind.`);
    return;
  }
  if (when.everyMs < secondMs) problem(`${state} reminds every ${seconds(when.everyMs)}. Remind once a second at most.`);
  const endMs = node.kind === "step" ? node.timeoutMs : typeof node.deadline === "function" ? null : node.deadline.afterMs;
  if (endMs !== null && when.everyMs >= endMs)
    problem(`${state} reminds every ${seconds(when.everyMs)}, but ends after ${seconds(endMs)}, so it would never remind. Remind sooner, or remove remind.`);
}

/** Not rounded, unlike durations for people: the sum has to add up, and the advice has to pass. */
const seconds = (ms: number): string => `${ms / secondMs} s`;

function checkInterrupt(definition: Definition, { event, during, then }: Interrupt, problem: (text: string) => void): void {
  const outcomes = flatten(then);
  const last = pathOf(definition).at(-1) as string;
  if (outcomes.some((outcome) => outcome.go === "next" || outcome.go === "skip") && (during === "any" || during.has(last))) {
    problem(
      `${event.name} may come in ${last}, the last state, where next and skip lead nowhere. Use another outcome, or list the states before ${last} under during.`,
    );
  }
  checkLoops(definition, event.name, outcomes, problem);
}

function checkLoops(definition: Definition, where: string, outcomes: readonly AnyOutcome[], problem: (text: string) => void): void {
  for (const outcome of outcomes) {
    if (outcome.go !== "state" || outcome.atMost === undefined || definition.nodes.get(outcome.to)?.kind !== "milestone") continue;
    problem(`${where} loops to the milestone ${outcome.to}, where visits are not counted. Loop to the step or wait that follows it.`);
  }
}

function checkCommand(state: string, command: AnyCommand | undefined, problem: (text: string) => void): void {
  if (command?.replies.length === 0) problem(`${state} sends ${command.name}, which has no reply, so nothing would ever end it. Declare one with the command.`);
}

/** An event means one thing: it starts the saga, interrupts it, is waited for, or answers a command. */
function checkHearing(definition: Definition, start: Start, problem: (text: string) => void): void {
  const nodes = [...definition.nodes.values()];
  const waits = new Set(nodes.flatMap((node) => (node.kind === "wait" ? node.events.map((event) => event.name) : [])));
  const heard = [start.event.name, ...definition.interrupts.map((interrupt) => interrupt.event.name), ...waits];
  for (const { state, command } of nodes.filter((node) => node.kind === "step")) {
    for (const { name } of command.replies.filter((reply) => heard.includes(reply.name)))
      problem(
        `${name} answers ${command.name} in ${state} and is used in startOn, interrupt or wait as well, so one message would be heard twice. Give the answer an event of its own.`,
      );
  }
  for (const name of new Set(heard.filter((one, index) => heard.indexOf(one) !== index))) {
    problem(
      `${name} is used in more than one of startOn, interrupt and wait, or in two interrupts, and only the first of them would hear it. Give each an event of its own.`,
    );
  }
}

/** Every state can be reached, every state can reach an end, and no circle of steps runs without a bound. */
function checkWays(definition: Definition, first: string, problem: (text: string) => void): void {
  const byState = new Map([...definition.nodes.values()].map((node) => [node.state, waysFrom(definition, node)]));
  const ways: Ways = (state) => byState.get(state) ?? [];
  const reached = new Set<string>();
  const visit = (state: string): void => {
    if (reached.has(state)) return;
    reached.add(state);
    for (const way of ways(state)) visit(way.to);
  };
  visit(first);
  for (const interrupt of definition.interrupts) {
    for (const way of waysOf(definition, null, flatten(interrupt.then))) visit(way.to);
  }
  for (const state of [...definition.nodes.keys(), ...Object.keys(definition.finals)]) {
    if (!reached.has(state)) problem(`${state} can never be reached. Lead an outcome to it or remove it.`);
  }
  for (const state of definition.nodes.keys()) {
    if (reached.has(state) && !reachesEnd(definition, ways, state))
      problem(`from ${state} no way leads to an end. Let one of its outcomes finish, fail, or go on towards a final.`);
    if (circles(definition, ways, state))
      problem(`${state} can come back to itself by go(…) without waiting and without a bound. Use loop(state, atMost, orElse).`);
  }
}

interface Way {
  readonly to: string;
  readonly isBounded: boolean;
}

/** Where a state may lead; nowhere from a final. */
type Ways = (state: string) => readonly Way[];

function waysFrom(definition: Definition, node: Node): Way[] {
  const following = stateAfter(definition, node.state);
  if (node.kind === "milestone") return waysOf(definition, following, [{ go: "next" }]);
  if (node.kind === "group") return [...node.steps.map((to) => ({ to, isBounded: true })), ...waysOf(definition, following, outcomesOf(node))];
  if (node.kind === "step" && node.group !== null)
    return [...waysOf(definition, null, outcomesOf(node)), ...waysOf(definition, following, outcomesOf(groupOf(definition, node)))];
  return waysOf(definition, following, outcomesOf(node));
}

function waysOf(definition: Definition, following: string | null, outcomes: readonly AnyOutcome[]): Way[] {
  const ways = outcomes.map((outcome): { to: string | null; isBounded: boolean } => {
    if (outcome.go === "next" || outcome.go === "skip") return { to: following, isBounded: false };
    if (outcome.go === "state") return { to: outcome.to, isBounded: outcome.atMost !== undefined };
    if (outcome.go === "final") return { to: outcome.final, isBounded: false };
    return { to: outcome.go === "fail" ? definition.failedFinal : null, isBounded: false };
  });
  return ways.filter((way): way is Way => way.to !== null);
}

function reachesEnd(definition: Definition, ways: Ways, from: string): boolean {
  const seen = new Set<string>();
  const walk = (state: string): boolean => {
    if (isFinal(definition, state)) return true;
    if (seen.has(state)) return false;
    seen.add(state);
    return ways(state).some((way) => walk(way.to));
  };
  return walk(from);
}

function circles(definition: Definition, ways: Ways, from: string): boolean {
  const seen = new Set<string>();
  const walk = (state: string): boolean => {
    if (definition.nodes.get(state)?.kind === "wait") return false;
    return ways(state).some((way) => {
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
  const outcomes = allOutcomes(definition);
  const used = new Set(outcomes.flatMap((outcome) => ("reason" in outcome && outcome.reason !== undefined ? [outcome.reason] : [])));
  for (const reason of Object.keys(definition.reasons)) {
    if (!used.has(reason)) problem(`the reason ${reason} is declared, but nothing fails with it. Use it or remove it.`);
  }
  for (const outcome of outcomes) {
    if (outcome.go === "final" && outcome.reason !== undefined && definition.finals[outcome.final] === "succeeded")
      problem(`finish(${outcome.final}, ${outcome.reason}) gives a reason to an end that is none to excuse. Leave the reason out.`);
  }
}

const allOutcomes = (definition: Definition): AnyOutcome[] => [
  ...[...definition.nodes.values()].flatMap(outcomesOf),
  ...definition.interrupts.flatMap((interrupt) => flatten(interrupt.then)),
];

const groupOf = (definition: Definition, step: StepNode): GroupNode => definition.nodes.get(step.group ?? "") as GroupNode;

/** What the answers and timers of a state lead to, and what a loop leads to in the end. The time of a step in a group is that of the group. */
export function outcomesOf(node: Node): AnyOutcome[] {
  if (node.kind === "milestone") return [];
  const branches: CompiledBranch[] = node.kind === "group" ? [node.then] : [...(node.kind === "step" ? node.replies : node.on).values()];
  const isTimed = node.kind !== "step" || node.group === null;
  const ends = [...(isTimed ? [node.kind === "wait" ? node.onDeadline : node.onTimeout] : []), ...(node.kind === "step" ? [node.onExhausted] : [])];
  return [...branches.flatMap((branch) => [...branch.arms.values()].map((arm) => arm.then)), ...ends].flatMap(flatten);
}

const flatten = (outcome: AnyOutcome): AnyOutcome[] =>
  outcome.go === "state" && outcome.orElse !== undefined ? [outcome, ...flatten(outcome.orElse)] : [outcome];
