import { SagaRegistry } from "../src/sagas/engine/index.ts";
import { sagas } from "../src/sagas/index.ts";
import { buildApiSchema } from "../src/schema/build-schema.ts";

/** The schema by itself, for codegen.yml. */
export default buildApiSchema(new SagaRegistry(sagas));
