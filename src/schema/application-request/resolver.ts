import type { EntityManager } from "@mikro-orm/postgresql";
import { Arg, Ctx, Extensions, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import type { Actor } from "../../domain/actor.ts";
import { listApplications } from "../../domain/application-request/application-request.queries.ts";
import {
  resubmitApplicationRequest,
  submitApplicationRequest,
  withdrawApplicationRequest,
} from "../../domain/application-request/application-request.service.ts";
import { APPLICATION_SAGA, documentField } from "../../domain/application-request/application-request.ts";
import {
  approveApplicationRequest,
  assignReviewer,
  rejectApplicationRequest,
  requestApplicationInfo,
} from "../../domain/application-request/review.service.ts";
import type { FileObject } from "../../domain/files/file-object.ts";
import { getById, requireIds } from "../arguments.ts";
import { Auth, holdsAny, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { orUserErrors } from "../errors.ts";
import { signedUrl } from "../files/resolver.ts";
import { Limited } from "../limited.ts";
import { type Connection, pageRequest, toConnection } from "../pagination.ts";
import { getSagaOf } from "../sagas/subject.ts";
import { SagaType } from "../sagas/types.ts";
import { Url } from "../scalars.ts";
import { UserType } from "../users/types.ts";
import {
  ApplicationDocumentType,
  ApplicationRequestConnection,
  ApplicationRequestFilterInput,
  ApplicationRequestInput,
  ApplicationRequestPayload,
  ApplicationRequestType,
  BackgroundCheckType,
} from "./types.ts";

@Resolver(() => ApplicationRequestType)
export class ApplicationRequestResolver {
  @Query(() => ApplicationRequestType, { nullable: true, description: "Null when there is no such application for the caller." })
  @Auth({ any: ["ADMIN"], participant: true })
  async applicationRequest(
    @Arg("id", () => ID, { description: "Id of the application." }) id: string,
    @Ctx() context: RequestContext,
  ): Promise<ApplicationRequestType | null> {
    const request = await context.loaders.application.load(id);
    return request === null ? null : new ApplicationRequestType(request);
  }

  @Query(() => ApplicationRequestConnection, {
    nullable: true,
    description: "Applications, newest first. A reviewer sees what is assigned to them; an admin everything.",
  })
  @Auth({ any: ["REVIEWER", "ADMIN"] })
  async applicationRequests(
    @Arg("filter", () => ApplicationRequestFilterInput, { nullable: true, description: "Everything given must hold." })
    filter: ApplicationRequestFilterInput | null,
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list." }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<Connection<ApplicationRequestType>> {
    const viewer = requireViewer(context);
    requireIds({ reviewerId: filter?.reviewerId });
    const request = pageRequest("applicationRequests", first, after);
    const page = await listApplications(context.em, { ...request, filter: filter ?? null, onlyOf: holdsAny(viewer, ["ADMIN"]) ? null : viewer.id });
    return toConnection("applicationRequests", request, page, (row) => new ApplicationRequestType(row));
  }

  @Mutation(() => ApplicationRequestPayload, {
    nullable: true,
    description: "Starts the ApplicationRequest saga: documents and background are checked, a reviewer is found and decides.",
  })
  @Auth({ any: ["LEARNER"] })
  @Limited("start")
  async submitApplicationRequest(
    @Arg("input", () => ApplicationRequestInput, { description: "All of it." }) input: ApplicationRequestInput,
    @Arg("idempotencyKey", () => String, { description: "8..128 characters; the same key and input answer with the first call's application." })
    idempotencyKey: string,
    @Ctx() context: RequestContext,
  ) {
    const applicant = requireViewer(context);
    return orUserErrors(async () => {
      await settleDocuments(context, applicant, input);
      const { requestId } = await context.write((em) => submitApplicationRequest(em, { applicant, input, idempotencyKey }));
      return answer(requestId, context);
    });
  }

  @Mutation(() => ApplicationRequestPayload, { nullable: true, description: "After INFO_REQUESTED: replaces texts and documents and runs the checks again." })
  @Auth({ participant: true })
  async resubmitApplicationRequest(
    @Arg("id", () => ID, { description: "Id of the application." }) id: string,
    @Arg("input", () => ApplicationRequestInput, { description: "All of it; what is left out is taken away." }) input: ApplicationRequestInput,
    @Ctx() context: RequestContext,
  ) {
    return change(id, context, async (em, actor) => resubmitApplicationRequest(em, { requestId: id, actor, input }), input);
  }

  @Mutation(() => ApplicationRequestPayload, {
    nullable: true,
    description: "The applicant takes the application back before the decision. Withdrawing what is withdrawn changes nothing.",
  })
  @Auth({ participant: true })
  async withdrawApplicationRequest(@Arg("id", () => ID, { description: "Id of the application." }) id: string, @Ctx() context: RequestContext) {
    return change(id, context, (em, actor) => withdrawApplicationRequest(em, { requestId: id, actor }));
  }

  @Mutation(() => ApplicationRequestPayload, {
    nullable: true,
    description: "Says who reads an application, before a reviewer is looked for or in place of who does. Recorded in the audit.",
  })
  @Auth({ any: ["ADMIN"] })
  async assignReviewer(
    @Arg("id", () => ID, { description: "Id of the application." }) id: string,
    @Arg("reviewerId", () => ID, { description: "An active reviewer, who is not the applicant." }) reviewerId: string,
    @Ctx() context: RequestContext,
  ) {
    return change(id, context, (em, actor) => assignReviewer(em, { requestId: id, reviewerId, actor }));
  }

  @Mutation(() => ApplicationRequestPayload, {
    nullable: true,
    description: "Asks the applicant for more, who is told and has 30 days to send it in again; after that the application counts as withdrawn.",
  })
  @Auth({ any: ["ADMIN"], participant: true })
  async requestApplicationInfo(
    @Arg("id", () => ID, { description: "Id of the application." }) id: string,
    @Arg("note", () => String, { description: "What is missing, told to the applicant; 1..2,000 characters." }) note: string,
    @Ctx() context: RequestContext,
  ) {
    return change(id, context, (em, actor) => requestApplicationInfo(em, { requestId: id, actor, note }));
  }

  @Mutation(() => ApplicationRequestPayload, {
    nullable: true,
    description: "Makes the applicant a mentor in the same transaction. Approving what is approved changes nothing.",
  })
  @Auth({ any: ["ADMIN"], participant: true })
  async approveApplicationRequest(
    @Arg("id", () => ID, { description: "Id of the application." }) id: string,
    @Arg("note", () => String, { nullable: true, description: "For the applicant; at most 2,000 characters." }) note: string | null | undefined,
    @Ctx() context: RequestContext,
  ) {
    return change(id, context, (em, actor) => approveApplicationRequest(em, { requestId: id, actor, note: note ?? null }));
  }

  @Mutation(() => ApplicationRequestPayload, { nullable: true, description: "Refuses an application. Rejecting what is rejected changes nothing." })
  @Auth({ any: ["ADMIN"], participant: true })
  async rejectApplicationRequest(
    @Arg("id", () => ID, { description: "Id of the application." }) id: string,
    @Arg("note", () => String, { description: "Why, told to the applicant; 1..2,000 characters." }) note: string,
    @Ctx() context: RequestContext,
  ) {
    return change(id, context, (em, actor) => rejectApplicationRequest(em, { requestId: id, actor, note }));
  }

  @FieldResolver(() => UserType, { description: "Who applies." })
  async applicant(@Root() request: ApplicationRequestType, @Ctx() context: RequestContext): Promise<UserType> {
    return new UserType(await getById(context.loaders.user, request.applicantId, "user"));
  }

  @FieldResolver(() => UserType, { nullable: true, description: "Who reads it and decides; null: nobody yet." })
  async reviewer(@Root() request: ApplicationRequestType, @Ctx() context: RequestContext): Promise<UserType | null> {
    return request.reviewerId === null ? null : new UserType(await getById(context.loaders.user, request.reviewerId, "user"));
  }

  @FieldResolver(() => [ApplicationDocumentType], { description: "What was sent in, at most ten." })
  async documents(@Root() request: ApplicationRequestType, @Ctx() context: RequestContext): Promise<ApplicationDocumentType[]> {
    const documents = (await context.loaders.documents.load(request.id)) ?? [];
    return documents.map((document) => new ApplicationDocumentType(document));
  }

  @FieldResolver(() => BackgroundCheckType, { nullable: true, description: "The latest check of the applicant; null: none, or it was called off." })
  async backgroundCheck(@Root() request: ApplicationRequestType, @Ctx() context: RequestContext): Promise<BackgroundCheckType | null> {
    const check = await context.loaders.backgroundCheck.load(request.id);
    return check === null || check.status === "CANCELLED" ? null : new BackgroundCheckType(check, check.status);
  }

  @FieldResolver(() => SagaType, { description: "The process that carries it out." })
  async saga(@Root() request: ApplicationRequestType, @Ctx() context: RequestContext): Promise<SagaType> {
    return getSagaOf(APPLICATION_SAGA, request.id, context);
  }
}

async function change(id: string, context: RequestContext, work: (em: EntityManager, actor: Actor) => Promise<void>, input?: ApplicationRequestInput) {
  const actor = requireViewer(context);
  return orUserErrors(async () => {
    if (input !== undefined) await settleDocuments(context, actor, input);
    await context.write((em) => work(em, actor));
    return answer(id, context);
  });
}

const settleDocuments = (context: RequestContext, owner: Actor, { documents }: ApplicationRequestInput): Promise<void> =>
  context.files.settle(
    owner.id,
    documents.map(({ uploadId }, index) => ({ id: uploadId, field: documentField(index) })),
  );

const answer = async (id: string, context: RequestContext): Promise<{ applicationRequest: ApplicationRequestType }> => ({
  applicationRequest: new ApplicationRequestType(await getById(context.loaders.application, id, "application")),
});

@Resolver(() => ApplicationRequestPayload)
export class ApplicationRequestPayloadResolver {
  @FieldResolver(() => SagaType, { nullable: true, description: "The saga that the mutation started or advanced." })
  async saga(@Root() payload: ApplicationRequestPayload, @Ctx() context: RequestContext): Promise<SagaType | null> {
    return payload.applicationRequest == null ? null : getSagaOf(APPLICATION_SAGA, payload.applicationRequest.id, context);
  }
}

@Resolver(() => ApplicationDocumentType)
export class ApplicationDocumentResolver {
  @FieldResolver(() => String, { description: "As the applicant named it." })
  async fileName(@Root() document: ApplicationDocumentType, @Ctx() context: RequestContext): Promise<string> {
    return (await fileOf(document, context)).fileName;
  }

  @FieldResolver(() => String, { description: "Its type, e.g. application/pdf." })
  async contentType(@Root() document: ApplicationDocumentType, @Ctx() context: RequestContext): Promise<string> {
    return (await fileOf(document, context)).contentType;
  }

  @FieldResolver(() => Int, { description: "Its size." })
  async byteSize(@Root() document: ApplicationDocumentType, @Ctx() context: RequestContext): Promise<number> {
    return (await fileOf(document, context)).byteSize;
  }

  @FieldResolver(() => Url, { description: "Signed, good for 5 minutes." })
  @Extensions(signedUrl)
  async downloadUrl(@Root() document: ApplicationDocumentType, @Ctx() context: RequestContext): Promise<string> {
    return context.files.downloadUrl(await fileOf(document, context));
  }
}

const fileOf = (document: ApplicationDocumentType, context: RequestContext): Promise<FileObject> => getById(context.loaders.file, document.id, "file");

@Resolver(() => UserType)
export class UserApplicationsResolver {
  @FieldResolver(() => [ApplicationRequestType], { nullable: true, description: "The person's applications to become a mentor, newest first." })
  @Auth({ any: ["ADMIN"], participant: true })
  async applicationRequests(@Root() user: UserType, @Ctx() context: RequestContext): Promise<ApplicationRequestType[]> {
    const requests = (await context.loaders.applicationsOf.load(user.id)) ?? [];
    return requests.map((request) => new ApplicationRequestType(request));
  }
}
