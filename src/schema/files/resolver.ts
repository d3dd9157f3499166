import { Arg, Ctx, Extensions, FieldResolver, ID, Int, Mutation, Resolver, Root } from "type-graphql";
import { addCourseResource, removeCourseResource, UPLOAD_FIELD } from "../../domain/courses/course-resource.service.ts";
import type { FileObject } from "../../domain/files/file-object.ts";
import { createUpload } from "../../domain/files/upload.service.ts";
import { getById } from "../arguments.ts";
import { Auth, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { CoursePayload, CourseType } from "../courses/types.ts";
import { orUserErrors } from "../errors.ts";
import { Url } from "../scalars.ts";
import { UserType } from "../users/types.ts";
import { CourseResourceType, CreateUploadInput, UploadPayload, UploadType } from "./types.ts";

/** Beside the cost of a field of its own: a URL is signed. */
export const signedUrl = { cost: 5 };

@Resolver()
export class UploadResolver {
  @Mutation(() => UploadPayload, {
    nullable: true,
    description:
      "Step 1 of 3 of a file: get a target, PUT the bytes to it, pass the upload's id to a mutation. Unused uploads vanish after 24 h. " +
      "A file whose size, type or SHA-256 is not as announced, or in which something malicious is found, is not taken.",
  })
  @Auth()
  async createUpload(@Arg("input", () => CreateUploadInput, { description: "What is to come." }) input: CreateUploadInput, @Ctx() context: RequestContext) {
    const owner = requireViewer(context);
    return orUserErrors(async () => {
      const file = await context.write((em) => createUpload(em, { owner, input }));
      return { upload: new UploadType(file.id, await context.files.target(file)) };
    });
  }
}

@Resolver(() => UserType)
export class UserAvatarResolver {
  @FieldResolver(() => Url, { nullable: true, description: "The person's picture, for everybody; signed, good for 5 minutes. Null: none." })
  @Extensions(signedUrl)
  async avatarUrl(@Root() user: UserType, @Ctx() context: RequestContext): Promise<string | null> {
    const file = user.avatarFileId === null ? null : await context.loaders.file.load(user.avatarFileId);
    return file === null ? null : context.files.downloadUrl(file);
  }
}

@Resolver(() => CourseType)
export class CourseResourcesResolver {
  @Mutation(() => CoursePayload, { nullable: true, description: "Adds an upload with the purpose COURSE_RESOURCE to a course, which has at most 200." })
  @Auth({ any: ["ADMIN"], participant: true })
  async addCourseResource(
    @Arg("courseId", () => ID, { description: "Id of a course of the caller's." }) courseId: string,
    @Arg("uploadId", () => ID, { description: "An upload of the caller's whose bytes are there." }) uploadId: string,
    @Arg("title", () => String, { description: "What it is; 3..100 characters." }) title: string,
    @Ctx() context: RequestContext,
  ) {
    const actor = requireViewer(context);
    return orUserErrors(async () => {
      await context.files.settle(actor.id, [{ id: uploadId, field: UPLOAD_FIELD }]);
      await context.write((em) => addCourseResource(em, { courseId, uploadId, title, actor }));
      return { course: new CourseType(await getById(context.loaders.course, courseId, "course")) };
    });
  }

  @Mutation(() => CoursePayload, { nullable: true, description: "Takes materials away from a course; their file is removed." })
  @Auth({ any: ["ADMIN"], participant: true })
  async removeCourseResource(@Arg("id", () => ID, { description: "Id of the materials." }) id: string, @Ctx() context: RequestContext) {
    const actor = requireViewer(context);
    return orUserErrors(async () => {
      const { courseId } = await context.write((em) => removeCourseResource(em, { resourceId: id, actor }));
      return { course: new CourseType(await getById(context.loaders.course, courseId, "course")) };
    });
  }

  @FieldResolver(() => [CourseResourceType], {
    nullable: true,
    description: "Materials, oldest first, at most 200; for the mentor of the course and learners whose enrollment is ACTIVE.",
  })
  @Auth({ any: ["ADMIN"], participant: true, also: activeLearner })
  async resources(@Root() course: CourseType, @Ctx() context: RequestContext): Promise<CourseResourceType[]> {
    const resources = (await context.loaders.courseResources.load(course.id)) ?? [];
    return resources.map((resource) => new CourseResourceType(resource));
  }
}

/** The viewer, if they are one. */
async function activeLearner(course: CourseType, context: RequestContext): Promise<readonly string[]> {
  const enrollment = await context.loaders.viewerEnrollment.load(course.id);
  return enrollment?.status === "ACTIVE" ? [enrollment.learnerId] : [];
}

@Resolver(() => CourseResourceType)
export class CourseResourceResolver {
  @FieldResolver(() => String, { description: "As its mentor named it." })
  async fileName(@Root() resource: CourseResourceType, @Ctx() context: RequestContext): Promise<string> {
    return (await fileOf(resource, context)).fileName;
  }

  @FieldResolver(() => String, { description: "Its type, e.g. application/pdf." })
  async contentType(@Root() resource: CourseResourceType, @Ctx() context: RequestContext): Promise<string> {
    return (await fileOf(resource, context)).contentType;
  }

  @FieldResolver(() => Int, { description: "Its size." })
  async byteSize(@Root() resource: CourseResourceType, @Ctx() context: RequestContext): Promise<number> {
    return (await fileOf(resource, context)).byteSize;
  }

  @FieldResolver(() => Url, { description: "Signed, good for 5 minutes; ask again rather than keep it." })
  @Extensions(signedUrl)
  async downloadUrl(@Root() resource: CourseResourceType, @Ctx() context: RequestContext): Promise<string> {
    return context.files.downloadUrl(await fileOf(resource, context));
  }
}

const fileOf = (resource: CourseResourceType, context: RequestContext): Promise<FileObject> => getById(context.loaders.file, resource.fileId, "file");
