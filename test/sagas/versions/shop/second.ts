import { second } from "./definitions.ts";

export const sagas = [second];
