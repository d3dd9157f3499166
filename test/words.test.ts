import { words, wordsFor } from "../console/src/product/words.ts";
import { SagaRegistry } from "../src/sagas/engine/index.ts";
import { sagas } from "../src/sagas/index.ts";

test("people read words for every state of every definition, while it is under way and when it is done", () => {
  const states = new SagaRegistry(sagas).states();
  expect(Object.keys(words).filter((state) => !states.includes(state))).toEqual([]);
  for (const state of states) {
    const { doing, done } = wordsFor(state);
    expect([state, doing.length > 3, done.length > 3]).toEqual([state, true, true]);
    // They are sentences, not names of the code.
    expect(`${doing} ${done}`).not.toMatch(/[a-z][A-Z]/);
  }
});

test("a state that the page does not know has the words of its name", () => {
  expect(wordsFor("SendingPostcard")).toEqual({ doing: "Sending postcard", done: "Sending postcard: done" });
  expect(wordsFor("constructor")).toEqual({ doing: "constructor", done: "constructor: done" });
});
