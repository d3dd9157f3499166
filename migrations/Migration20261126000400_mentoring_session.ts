import { Migration } from "@mikro-orm/migrations";

/** Sessions and their hold on slots. The two exclusion constraints are what makes a slot bookable once and nobody be in two places. */
export class Migration20261126000400_mentoring_session extends Migration {
  override up(): void {
    this.addSql(`
      create table mentoring_session (
        id uuid not null constraint mentoring_session_pkey primary key,
        learner_id uuid not null constraint mentoring_session_learner_id_foreign references app_user (id),
        mentor_id uuid not null constraint mentoring_session_mentor_id_foreign references app_user (id),
        course_id uuid not null constraint mentoring_session_course_id_foreign references course (id),
        schedule_id uuid not null constraint mentoring_session_schedule_id_foreign references schedule (id),
        proposed_schedule_id uuid null constraint mentoring_session_proposed_schedule_id_foreign references schedule (id),
        proposal_note text null constraint mentoring_session_proposal_note_check check (char_length(proposal_note) <= 500),
        proposal_expires_at timestamptz null,
        type text not null constraint mentoring_session_type_check check (type in ('VIRTUAL', 'IN_PERSON', 'ONSITE')),
        status text not null constraint mentoring_session_status_check check (status in ('PENDING', 'SCHEDULED', 'RESCHEDULING', 'COMPLETED', 'CANCELLED')),
        note text null constraint mentoring_session_note_check check (char_length(note) <= 500),
        meeting_url text null,
        validated_at timestamptz null,
        revision int not null default 0,
        rescheduled_at timestamptz null,
        outcome text null constraint mentoring_session_outcome_value_check check (outcome in ('HELD', 'LEARNER_NO_SHOW', 'MENTOR_NO_SHOW')),
        failure_code text null,
        failure_message text null,
        failure_at timestamptz null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint mentoring_session_parties_check check (learner_id <> mentor_id),
        constraint mentoring_session_proposal_check check (
          (status = 'RESCHEDULING') = (proposed_schedule_id is not null) and (proposed_schedule_id is null) = (proposal_expires_at is null)
        ),
        constraint mentoring_session_outcome_check check ((status = 'COMPLETED') = (outcome is not null)),
        constraint mentoring_session_failure_check check (status <> 'CANCELLED' or failure_code is not null)
      )`);
    this.addSql(`create index mentoring_session_learner_id_id_index on mentoring_session (learner_id, id)`);
    this.addSql(`create index mentoring_session_mentor_id_id_index on mentoring_session (mentor_id, id)`);
    this.addSql(`create index mentoring_session_course_id_index on mentoring_session (course_id)`);
    this.addSql(`create index mentoring_session_schedule_id_index on mentoring_session (schedule_id)`);
    this.addSql(`create index mentoring_session_proposed_schedule_id_index on mentoring_session (proposed_schedule_id)`);
    this.addSql(`create index mentoring_session_proposal_expires_at_index on mentoring_session (proposal_expires_at) where proposal_expires_at is not null`);
    this.addSql(`comment on table mentoring_session is 'A learner''s booking of a mentor''s slot, from the asking to its end.'`);
    this.addSql(`comment on column mentoring_session.proposed_schedule_id is 'The slot that the mentor proposes instead; set while RESCHEDULING.'`);
    this.addSql(`comment on column mentoring_session.proposal_expires_at is 'When the proposal lapses without an answer.'`);
    this.addSql(
      `comment on column mentoring_session.validated_at is 'When the booking was found good; from then on it counts for the mentor''s week and the learner''s limit.'`,
    );
    this.addSql(
      `comment on column mentoring_session.revision is 'Counts what people are told about: proposals, their ends, moves. Also the SEQUENCE of invitations.'`,
    );
    this.addSql(
      `comment on column mentoring_session.rescheduled_at is 'When the last proposal was accepted; null while there was none since, or it came to nothing.'`,
    );

    this.addSql(`
      create table slot_claim (
        id uuid not null constraint slot_claim_pkey primary key,
        session_id uuid not null constraint slot_claim_session_id_foreign references mentoring_session (id),
        schedule_id uuid not null constraint slot_claim_schedule_id_foreign references schedule (id),
        mentor_id uuid not null constraint slot_claim_mentor_id_foreign references app_user (id),
        learner_id uuid not null constraint slot_claim_learner_id_foreign references app_user (id),
        during tstzrange not null,
        released_at timestamptz null,
        created_at timestamptz not null default now(),
        constraint slot_claim_parties_check check (learner_id <> mentor_id),
        constraint slot_claim_mentor_exclude exclude using gist (mentor_id with =, during with &&) where (released_at is null),
        constraint slot_claim_learner_exclude exclude using gist (learner_id with =, during with &&) where (released_at is null)
      )`);
    this.addSql(`create index slot_claim_session_id_index on slot_claim (session_id)`);
    this.addSql(`create index slot_claim_schedule_id_index on slot_claim (schedule_id) where released_at is null`);
    this.addSql(
      `comment on table slot_claim is 'Which session holds which slot. A session has one unreleased claim while it is open, two while it is being rescheduled.'`,
    );
    this.addSql(`comment on column slot_claim.released_at is 'Since when others may have the slot; null: held.'`);

    // The end comes in many ways, the clock among them, and none may leave a slot held or a session completed without an outcome.
    this.addSql(`
      create function mentoring_session_end() returns trigger language plpgsql as $$
      begin
        update slot_claim set released_at = now() where session_id = new.id and released_at is null;
        new.proposed_schedule_id := null;
        new.proposal_note := null;
        new.proposal_expires_at := null;
        if new.status = 'COMPLETED' then new.outcome := coalesce(new.outcome, 'HELD'); end if;
        return new;
      end $$`);
    this.addSql(`
      create trigger mentoring_session_end before update of status on mentoring_session for each row
      when (new.status in ('COMPLETED', 'CANCELLED') and new.status <> old.status) execute function mentoring_session_end()`);
  }

  override down(): void {
    this.addSql(`drop table slot_claim, mentoring_session`);
    this.addSql(`drop function mentoring_session_end`);
  }
}
