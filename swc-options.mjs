/** One set of compiler options for the development loader and for Jest, so that both run the same code as `tsc` emits. */
export const swcOptions = {
  swcrc: false,
  sourceMaps: "inline",
  jsc: {
    target: "es2024",
    parser: { syntax: "typescript", decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: false, useDefineForClassFields: false },
    keepClassNames: true,
  },
  module: { type: "es6" },
};
