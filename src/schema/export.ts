import { SagaRegistry } from "../sagas/engine/index.ts";
import { sagas } from "../sagas/index.ts";
import { buildApiSchema } from "./build-schema.ts";

/** The schema by itself, for tools that print it or generate code from it. */
export default buildApiSchema(new SagaRegistry(sagas));
