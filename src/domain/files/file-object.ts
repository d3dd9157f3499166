import { defineEntity, p } from "@mikro-orm/core";
import { User } from "../users/user.ts";

export const uploadPurposes = ["AVATAR", "APPLICATION_DOCUMENT", "COURSE_RESOURCE"] as const;
export type UploadPurpose = (typeof uploadPurposes)[number];
const fileStates = ["ISSUED", "STORED", "CLAIMED", "PURGED"] as const;

const schema = defineEntity({
  name: "FileObject",
  tableName: "file_object",
  checks: [
    { name: "file_object_file_name_check", expression: "char_length(file_name) >= 1 and char_length(file_name) <= 255" },
    { name: "file_object_byte_size_check", expression: "byte_size > 0" },
    { name: "file_object_sha256_check", expression: "sha256 ~ '^[0-9a-f]{64}$'" },
    { name: "file_object_expires_at_check", expression: "(expires_at is not null) = (state = any (array['ISSUED', 'STORED']))" },
  ],
  indexes: [
    { name: "file_object_expires_at_index", expression: "create index file_object_expires_at_index on file_object (expires_at) where expires_at is not null" },
  ],
  properties: {
    id: p.uuid().primary(),
    ownerId: () => p.manyToOne(User).mapToPk().fieldName("owner_id").index(),
    purpose: p.enum(uploadPurposes),
    fileName: p.text(),
    /** As announced; bytes that say otherwise are not taken. */
    contentType: p.text(),
    byteSize: p.integer(),
    /** As announced, lower-case hex; compared on arrival. */
    sha256: p.text(),
    storageKey: p.text().unique(),
    /** ISSUED: a place to put it was given out. STORED: arrived, and as announced. CLAIMED: something refers to it. PURGED: its bytes are gone. */
    state: p.enum(fileStates),
    /** Purged after this unless something refers to it by then. */
    expiresAt: p.datetime().strictNullable(),
    storedAt: p.datetime().strictNullable(),
    createdAt: p.datetime().defaultRaw("now()"),
    updatedAt: p.datetime().defaultRaw("now()"),
  },
});

/** A file of a person, from the asking for a place to put it to its end. */
export class FileObject extends schema.class {}
schema.setClass(FileObject);

const MiB = 1024 * 1024;
const PDF = "application/pdf";
const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const documents = [PDF, DOCX, "image/png", "image/jpeg"];

/** What may be put where. */
export const uploadRules: Readonly<Record<UploadPurpose, { readonly maxBytes: number; readonly contentTypes: readonly string[] }>> = {
  AVATAR: { maxBytes: 5 * MiB, contentTypes: ["image/png", "image/jpeg", "image/webp"] },
  APPLICATION_DOCUMENT: { maxBytes: 10 * MiB, contentTypes: documents },
  COURSE_RESOURCE: { maxBytes: 200 * MiB, contentTypes: [...documents, "video/mp4", "audio/mpeg", "application/zip"] },
};
