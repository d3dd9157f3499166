import { first, firstToSecond, second } from "./definitions.ts";

export const sagas = [first, second];
export const migrations = [firstToSecond];
