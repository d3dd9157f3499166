import { Migration } from "@mikro-orm/migrations";

/** Applications to become a mentor, with their documents and background checks, and what outside providers told us. */
export class Migration20261126000500_application_request extends Migration {
  override up(): void {
    this.addSql(`
      create table application_request (
        id uuid not null constraint application_request_pkey primary key,
        applicant_id uuid not null constraint application_request_applicant_id_foreign references app_user (id),
        status text not null constraint application_request_status_check
          check (status in ('PENDING', 'UNDER_REVIEW', 'INFO_REQUESTED', 'APPROVED', 'REJECTED', 'WITHDRAWN')),
        education text not null constraint application_request_education_check check (char_length(education) between 10 and 2000),
        work_experience text not null constraint application_request_work_experience_check check (char_length(work_experience) between 10 and 2000),
        description text not null constraint application_request_description_check check (char_length(description) <= 2000),
        certifications text[] not null default '{}' constraint application_request_certifications_check check (cardinality(certifications) <= 20),
        consent_at timestamptz not null,
        reviewer_id uuid null constraint application_request_reviewer_id_foreign references app_user (id),
        note text null constraint application_request_note_check check (char_length(note) <= 2000),
        info_requested_at timestamptz null,
        decided_by uuid null constraint application_request_decided_by_foreign references app_user (id),
        decided_at timestamptz null,
        failure_code text null,
        failure_message text null,
        failure_at timestamptz null,
        submitted_at timestamptz not null default now(),
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint application_request_reviewer_check check (reviewer_id <> applicant_id),
        constraint application_request_decided_check check (decided_by <> applicant_id)
      )`);
    this.addSql(
      `create unique index application_request_applicant_id_unique on application_request (applicant_id) where status in ('PENDING', 'UNDER_REVIEW', 'INFO_REQUESTED')`,
    );
    this.addSql(`create index application_request_applicant_id_id_index on application_request (applicant_id, id)`);
    this.addSql(`create index application_request_reviewer_id_id_index on application_request (reviewer_id, id)`);
    this.addSql(`create index application_request_decided_by_index on application_request (decided_by)`);
    this.addSql(`create index application_request_status_id_index on application_request (status, id)`);
    this.addSql(`comment on table application_request is 'Applications to become a mentor. At most one of a person is open.'`);
    this.addSql(`comment on column application_request.note is 'What the reviewer last wrote to the applicant.'`);
    this.addSql(`comment on column application_request.info_requested_at is 'Since when the applicant is expected to answer; null: nothing was asked.'`);

    this.addSql(`
      create table application_document (
        id uuid not null constraint application_document_pkey primary key constraint application_document_id_foreign references file_object (id),
        request_id uuid not null constraint application_document_request_id_foreign references application_request (id),
        kind text not null constraint application_document_kind_check check (kind in ('CV', 'COVER_LETTER', 'CERTIFICATE', 'IDENTITY', 'OTHER')),
        verdict text not null default 'UNCHECKED' constraint application_document_verdict_check check (verdict in ('UNCHECKED', 'ACCEPTED', 'REFUSED')),
        problem_code text null,
        problem_message text null,
        problem_at timestamptz null,
        created_at timestamptz not null default now()
      )`);
    this.addSql(`create index application_document_request_id_index on application_document (request_id)`);
    this.addSql(`comment on table application_document is 'Documents of applications; the id is that of the file.'`);

    this.addSql(`
      create table background_check (
        id uuid not null constraint background_check_pkey primary key,
        request_id uuid not null constraint background_check_request_id_foreign references application_request (id),
        round int not null,
        step_run_id uuid not null,
        provider text not null,
        reference text null,
        status text not null constraint background_check_status_check check (status in ('REQUESTED', 'CLEAR', 'CONSIDER', 'FAILED', 'CANCELLED')),
        requested_at timestamptz not null default now(),
        completed_at timestamptz null,
        result jsonb null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint background_check_request_id_round_unique unique (request_id, round),
        constraint background_check_provider_reference_unique unique (provider, reference),
        constraint background_check_completed_at_check check ((completed_at is not null) = (status <> 'REQUESTED'))
      )`);
    this.addSql(`comment on table background_check is 'What was asked of the provider of background checks, one row each time, and what came of it.'`);
    this.addSql(`comment on column background_check.step_run_id is 'The run of the step that waits for the result.'`);
    this.addSql(`comment on column background_check.reference is 'The provider''s id; null until it has answered our request.'`);
    this.addSql(`comment on column background_check.result is 'Only what the reviewer needs.'`);

    this.addSql(`
      create table webhook_receipt (
        provider text not null,
        webhook_id text not null constraint webhook_receipt_webhook_id_check check (char_length(webhook_id) between 1 and 255),
        payload jsonb not null,
        received_at timestamptz not null default now(),
        handled_at timestamptz null,
        constraint webhook_receipt_pkey primary key (provider, webhook_id)
      )`);
    this.addSql(`create index webhook_receipt_unhandled_index on webhook_receipt (received_at) where handled_at is null`);
    this.addSql(`create index webhook_receipt_received_at_index on webhook_receipt (received_at)`);
    this.addSql(
      `comment on table webhook_receipt is 'Signed messages of providers, written before anything is done with them; by their id a repetition is recognised.'`,
    );
    this.addSql(`comment on column webhook_receipt.handled_at is 'When it took effect or was found to have none; null: waits for the check it is about.'`);
  }

  override down(): void {
    this.addSql(`drop table webhook_receipt, background_check, application_document, application_request`);
  }
}
