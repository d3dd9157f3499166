/** A slot that a mentor offers: half-open, and unchanged once published, except that it may be withdrawn. */
export class Schedule {
  readonly id: string;
  readonly mentorId: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  /** The zone in which the mentor published it. */
  readonly timeZone: string;
  readonly withdrawnAt: Date | null;

  constructor(row: { id: string; mentorId: string; startsAt: Date; endsAt: Date; timeZone: string; withdrawnAt: Date | null }) {
    this.id = row.id;
    this.mentorId = row.mentorId;
    this.startsAt = row.startsAt;
    this.endsAt = row.endsAt;
    this.timeZone = row.timeZone;
    this.withdrawnAt = row.withdrawnAt;
  }
}
