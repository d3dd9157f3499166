import { wordsOf } from "./compiled.ts";

test.each([
  ["layout", "(d) => ({ id: d.id, at: [d.at] })", "(d)=>({\n        id: d.id,\n        at: [\n            d.at\n        ],\n    })"],
  ["what only groups", "d => (d.day ?? (d.days.at(0)))", "(d)=>d.day ?? d.days.at(0)"],
  ["comments", "(d) => d.id // whose\n", "(d) => /* of it */ d.id"],
  ["semicolons", "function(d) { return d.id; }", "function(d) { return d.id }"],
  ["quotes", "(d) => d['id'] + 'x'", '(d) => d["id"] + "x"'],
  ["what is within a template", "(d) => `${f(d.a,d.b)}!`", "(d)=>`${f(d.a, d.b)}!`"],
])("%s is none of a function's words", (_what, one, other) => {
  expect(wordsOf(one)).toBe(wordsOf(other));
});

test.each([
  ["another field", "(d) => d.id", "(d) => d.ownerId"],
  ["another number", "(d) => d.days * 86_400_000", "(d) => d.days * 3_600_000"],
  ["white space in a string", '(d) => "two words"', '(d) => "twowords"'],
  ["what looks like a comment in a string", '(d) => "https://one"', '(d) => "https://other"'],
  ["a quote that is escaped", String.raw`(d) => "a \" // b"`, String.raw`(d) => "a \" // c"`],
  ["a word in a template", "(d) => `The ${d.bike} is here`", "(d) => `The ${d.bike} is there`"],
])("%s is", (_what, one, other) => {
  expect(wordsOf(one)).not.toBe(wordsOf(other));
});
