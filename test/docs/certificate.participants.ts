import { Permanent } from "../../src/kernel/errors.ts";
import { handleAll, leased, occur, query, type AnyParticipant } from "../../src/outbox/index.ts";
import * as m from "./certificate.messages.ts";

/** Prints one sheet; the same key twice is the same sheet. @throws {Transient} not reachable @throws {Permanent} cannot be printed at all */
export type Print = (number: number, key: string, signal: AbortSignal) => Promise<void>;

export const certificateParticipants = (print: Print): AnyParticipant[] => [numberCertificate, voidCertificateNumber, printCertificate(print)];

// All commands of a batch by one statement. A certificate that has a number keeps it, so a repetition changes nothing.
const numberCertificate = handleAll(m.NumberCertificateCommand, async (em, commands) => {
  const rows = await query<{ id: string; number: number }>(
    em,
    "update certificate set number = coalesce(number, nextval('certificate_number')::int) where id = any($1::uuid[]) returning id, number",
    [commands.map(({ payload }) => payload.certificateId)],
  );
  const numbers = new Map(rows.map((row) => [row.id, row.number]));
  return commands.map(({ payload: { certificateId } }) => occur(m.CertificateNumberedEvent, { certificateId, number: numbers.get(certificateId) ?? 0 }));
});

// An undo may come twice, and also when there is nothing to undo.
const voidCertificateNumber = handleAll(m.VoidCertificateNumberCommand, async (em, commands) => {
  await query(em, "update certificate set number = null where id = any($1::uuid[])", [commands.map(({ payload }) => payload.certificateId)]);
  return commands.map(({ payload: { certificateId } }) => occur(m.CertificateNumberVoidedEvent, { certificateId }));
});

// The effect is outside the database: `perform` may run again after a crash, and then gives the printer the same key.
const printCertificate = (print: Print): AnyParticipant =>
  leased(m.PrintCertificateCommand, {
    loadAll: (_em, commands) => Promise.resolve(commands.map(({ payload }) => payload.number)),
    async perform(number, { runId }, signal): Promise<string | null> {
      try {
        await print(number, runId, signal);
        return null;
      } catch (error) {
        if (error instanceof Permanent) return error.message;
        throw error;
      }
    },
    recordAll: (_em, done) =>
      Promise.resolve(
        done.map(
          ({
            delivery: {
              payload: { certificateId },
            },
            output,
          }) =>
            output === null ? occur(m.CertificatePrintedEvent, { certificateId }) : occur(m.CertificateUnprintableEvent, { certificateId, problem: output }),
        ),
      ),
  });
