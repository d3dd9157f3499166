import { Migration } from "@mikro-orm/migrations";

/** Files that people hand in, from the asking for a place to put them to their end, and the materials of courses. */
export class Migration20261126000200_files extends Migration {
  override up(): void {
    this.addSql(`
      create table file_object (
        id uuid not null constraint file_object_pkey primary key,
        owner_id uuid not null constraint file_object_owner_id_foreign references app_user (id),
        purpose text not null constraint file_object_purpose_check check (purpose in ('AVATAR', 'APPLICATION_DOCUMENT', 'COURSE_RESOURCE')),
        file_name text not null constraint file_object_file_name_check check (char_length(file_name) between 1 and 255),
        content_type text not null,
        byte_size int not null constraint file_object_byte_size_check check (byte_size > 0),
        sha256 text not null constraint file_object_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
        storage_key text not null constraint file_object_storage_key_unique unique,
        state text not null constraint file_object_state_check check (state in ('ISSUED', 'STORED', 'CLAIMED', 'PURGED')),
        expires_at timestamptz null,
        stored_at timestamptz null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint file_object_expires_at_check check ((expires_at is not null) = (state in ('ISSUED', 'STORED')))
      )`);
    this.addSql(`create index file_object_owner_id_index on file_object (owner_id)`);
    this.addSql(`create index file_object_expires_at_index on file_object (expires_at) where expires_at is not null`);
    this.addSql(
      `comment on table file_object is 'Files of people. ISSUED: a place to put it was given out; STORED: arrived and as announced; CLAIMED: something refers to it; PURGED: its bytes are gone.'`,
    );
    this.addSql(`comment on column file_object.content_type is 'As announced; a file whose bytes say otherwise does not become STORED.'`);
    this.addSql(`comment on column file_object.sha256 is 'As announced, lower-case hex; compared on arrival.'`);
    this.addSql(`comment on column file_object.expires_at is 'Purged after this unless something refers to it by then.'`);
    this.addSql(`alter table app_user add constraint app_user_avatar_file_id_foreign foreign key (avatar_file_id) references file_object (id)`);
    this.addSql(`create index app_user_avatar_file_id_index on app_user (avatar_file_id)`);

    this.addSql(`
      create table course_resource (
        id uuid not null constraint course_resource_pkey primary key,
        course_id uuid not null constraint course_resource_course_id_foreign references course (id),
        file_id uuid not null constraint course_resource_file_id_foreign references file_object (id),
        title text not null constraint course_resource_title_check check (char_length(title) between 3 and 100),
        created_at timestamptz not null default now(),
        constraint course_resource_file_id_unique unique (file_id)
      )`);
    this.addSql(`create index course_resource_course_id_index on course_resource (course_id, id)`);
    this.addSql(`comment on table course_resource is 'Materials of courses.'`);
  }

  override down(): void {
    this.addSql(`alter table app_user drop constraint app_user_avatar_file_id_foreign`);
    this.addSql(`drop table course_resource, file_object`);
  }
}
