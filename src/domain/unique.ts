import { UniqueConstraintViolationException } from "@mikro-orm/core";
import type { Refusal } from "../kernel/errors.ts";

/** Does a write whose only unique value is one that the caller chose. The index decides, so that of two callers at once one is refused. */
export async function unlessTaken(write: () => Promise<unknown>, refusal: Refusal): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw error instanceof UniqueConstraintViolationException ? refusal : error;
  }
}
