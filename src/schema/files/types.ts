import { Field, ID, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import type { CourseResource } from "../../domain/courses/course-resource.ts";
import type { UploadTarget } from "../../domain/files/file-store.port.ts";
import type { UploadPurpose } from "../../domain/files/file-object.ts";
import { MutationPayload } from "../payload.ts";
import { DateTime, Url } from "../scalars.ts";

const UploadPurposeEnum: { readonly [P in UploadPurpose]: P } = {
  AVATAR: "AVATAR",
  APPLICATION_DOCUMENT: "APPLICATION_DOCUMENT",
  COURSE_RESOURCE: "COURSE_RESOURCE",
};
registerEnumType(UploadPurposeEnum, {
  name: "UploadPurpose",
  description: "What a file is for, which decides its types and its size.",
  valuesConfig: {
    AVATAR: { description: "A picture of oneself: png, jpeg, webp; at most 5 MiB." },
    APPLICATION_DOCUMENT: { description: "A document of an application: pdf, docx, png, jpeg; at most 10 MiB." },
    COURSE_RESOURCE: { description: "Materials of a course: pdf, docx, png, jpeg, mp4, mp3, zip; at most 200 MiB. For mentors." },
  },
});

@InputType({ description: "What a file will be; what arrives is compared with it." })
export class CreateUploadInput {
  @Field(() => String, { description: "1..255 characters, without folders." })
  fileName!: string;

  @Field(() => String, { description: "One of those of the purpose, e.g. application/pdf." })
  contentType!: string;

  @Field(() => Int, { description: "At most 10 MiB; avatars 5 MiB; course resources 200 MiB." })
  byteSize!: number;

  @Field(() => String, { description: "Lower-case hex; checked after the upload." })
  sha256!: string;

  @Field(() => UploadPurposeEnum, { description: "What it is for." })
  purpose!: UploadPurpose;
}

@ObjectType({ description: "A header of a request." })
class UploadHeader {
  @Field(() => String, { description: "Its name, in lower case." })
  name!: string;

  @Field(() => String, { description: "Its value." })
  value!: string;
}

@ObjectType("Upload", { description: "Where the bytes of a file are put, by one PUT request." })
export class UploadType {
  @Field(() => ID, { description: "To be named in a mutation, once the bytes are there." })
  readonly id: string;

  @Field(() => Url, { description: "PUT the bytes here with exactly these headers. Nobody who has it needs a token." })
  readonly url: string;

  @Field(() => [UploadHeader], { description: "What the request has to say." })
  readonly headers: UploadHeader[];

  @Field(() => DateTime, { description: "Until when the URL is good." })
  readonly expiresAt: Date;

  constructor(id: string, target: UploadTarget) {
    this.id = id;
    this.url = target.url;
    this.headers = [...target.headers];
    this.expiresAt = target.expiresAt;
  }
}

@ObjectType({ implements: MutationPayload, description: "Answer of `createUpload`." })
export class UploadPayload extends MutationPayload {
  @Field(() => UploadType, { nullable: true, description: "Where to put the bytes." })
  upload?: UploadType | null;
}

@ObjectType("CourseResource", { description: "Something to read, hear or watch that belongs to a course." })
export class CourseResourceType {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => String, { description: "What it is." })
  readonly title: string;

  readonly courseId: string;
  readonly fileId: string;

  constructor(resource: CourseResource) {
    this.id = resource.id;
    this.title = resource.title;
    this.courseId = resource.courseId;
    this.fileId = resource.fileId;
  }
}
