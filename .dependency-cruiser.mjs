/**
 * Who may import whom. Each room names what it may use; everything else inside src is forbidden, and so are the packages
 * that belong to another room.
 */
const rooms = {
  kernel: [],
  outbox: ["kernel"],
  "sagas/engine": ["kernel", "outbox/index"],
  domain: ["kernel", "outbox/index"],
  gateways: ["kernel", "domain/[^/]+/[^/]*(mailer|port)"],
  schema: ["kernel", "domain", "sagas/engine/index", "outbox/index"],
  database: ["kernel", "outbox/index"],
  server: ["kernel", "schema", "database"],
  client: ["kernel"],
  traffic: ["kernel", "client", "seed/(people|chance|pdf)"],
  ops: ["kernel", "client", "traffic", "config", "terminal", "seed/people"],
  seed: ["kernel", "domain", "outbox/index", "sagas/"],
};

/** Packages and the rooms that may use them. @type {[string, string[]][]} */
const packages = [
  ["pg-boss", ["outbox", "database/migrate"]],
  ["type-graphql", ["schema"]],
  ["dataloader", ["schema"]],
  ["@apollo/server", ["server"]],
  ["@as-integrations", ["server"]],
  ["graphql-ws", ["server"]],
  ["@mikro-orm", ["domain", "outbox", "sagas/engine", "database"]],
  ["nodemailer", ["gateways"]],
  ["jose", ["gateways"]],
  ["commander", ["ops"]],
];

const outsideRoom = (room) => `^src/(?!${room}/)`;
/** What puts the rooms together: the program, and the export of the API for code generators. */
const builders = "^src/(main|app|saga-diff|schema/export|seed/main)\\.ts$";

export default {
  forbidden: [
    ...Object.entries(rooms).map(([room, allowed]) => ({
      name: `${room.replace("/", "-")}-imports-its-own`,
      comment: `${room} may import ${allowed.length === 0 ? "no room" : allowed.join(", ")}`,
      severity: "error",
      from: { path: `^src/${room}/`, pathNot: ["\\.test\\.ts$", builders] },
      to: { path: outsideRoom(room), pathNot: allowed.map((one) => `^src/${one}`) },
    })),
    {
      name: "a-saga-knows-messages-and-the-engine",
      severity: "error",
      from: { path: "^src/sagas/[^/]+\\.ts$", pathNot: "\\.test\\.ts$" },
      to: { path: "^src/", pathNot: ["^src/kernel/", "^src/domain/.*\\.messages\\.ts$", "^src/sagas/engine/index\\.ts$", "^src/sagas/[^/]+\\.ts$"] },
    },
    {
      name: "rooms-are-entered-by-their-index",
      comment: "outbox and engine are used through their index alone",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/outbox/", "^src/sagas/engine/", "\\.test\\.ts$"] },
      to: { path: ["^src/outbox/(?!index)", "^src/sagas/engine/(?!index)"] },
    },
    ...packages.map(([name, allowed]) => ({
      name: `${name.replaceAll(/[@/]/g, "")}-has-its-rooms`,
      comment: `${name} is used by ${allowed.join(", ")}`,
      severity: "error",
      from: { path: "^src/", pathNot: [...allowed.map((one) => `^src/${one}`), builders, "\\.test\\.ts$"] },
      // A type of another room's package is only a name for what that room hands over.
      to: { path: `^node_modules/${name}/`, dependencyTypesNot: ["type-only"] },
    })),
    {
      name: "kernel-knows-no-framework",
      severity: "error",
      from: { path: "^src/kernel/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["npm"], pathNot: "node_modules/(pino|uuid)/" },
    },
    { name: "no-circles", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
    // What is generated takes its types from a package that has nothing else.
    { name: "nothing-unresolved", severity: "error", from: { pathNot: "/generated/" }, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    parser: "swc",
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".js", ".mjs"],
    },
  },
};
