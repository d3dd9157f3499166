import { SagaRegistry } from "../sagas/engine/index.ts";
import { sagas } from "../sagas/index.ts";
import { buildApiSchema } from "./build-schema.ts";

/** The schema by itself, for codegen.yml. */
export default buildApiSchema(new SagaRegistry(sagas));
