import { first } from "./definitions.ts";

export const sagas = [first];
