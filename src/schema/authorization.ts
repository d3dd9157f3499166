import { DirectiveLocation, GraphQLBoolean, GraphQLDirective, GraphQLList, GraphQLNonNull, type GraphQLSchema, isEnumType } from "graphql";
import { Directive, type MiddlewareFn, UseMiddleware } from "type-graphql";
import type { RequestContext } from "./context.ts";
import type { Role } from "./enums.ts";
import { forbidden, unauthenticated } from "./errors.ts";

/** Who is asking, from a verified token. */
export interface Viewer {
  readonly id: string;
  readonly roles: readonly Role[];
}

/** An object that belongs to people: they may see its fields marked `participant`. */
export interface HasParties {
  parties(context: RequestContext): readonly string[] | Promise<readonly string[]>;
}

interface AuthRule {
  /** Any of these roles is enough. */
  readonly any?: readonly Role[];
  /** So is being a party to the object. */
  readonly participant?: boolean;
  /** Who is a party besides, for this field alone. */
  readonly also?: (object: never, context: RequestContext) => Promise<readonly string[]>;
}

/**
 * Who may select the field: puts the `@auth` directive into the schema and the guard that keeps it around the resolver.
 *
 * Without `any` and `participant` it is enough to be signed in. On a query that looks an object up by id, somebody else's object is
 * null as if it did not exist; on a mutation the use case decides who is a party, and on a subscription `subscribe` does.
 */
export function Auth(rule: AuthRule = {}): MethodDecorator & PropertyDecorator {
  const directive = Directive(directiveText(rule));
  const guard = UseMiddleware(guardOf(rule));
  return (target: object, key: string | symbol, descriptor?: unknown) => {
    directive(target, key, descriptor as never);
    guard(target, key, descriptor as never);
  };
}

function directiveText({ any, participant }: AuthRule): string {
  const given = [any === undefined ? "" : `any: [${any.join(", ")}]`, participant === true ? "participant: true" : ""].filter((text) => text !== "");
  return given.length === 0 ? "@auth" : `@auth(${given.join(", ")})`;
}

function guardOf({ any, participant, also }: AuthRule): MiddlewareFn<RequestContext> {
  const isOpenToAll = any === undefined && participant !== true;
  return async ({ root, context, info }, next) => {
    const viewer = requireViewer(context);
    if (isOpenToAll || holdsAny(viewer, any)) return next();
    if (participant !== true) throw forbidden();
    switch (info.parentType.name) {
      case "Mutation":
      case "Subscription":
        return next();
      case "Query": {
        const found: unknown = await next();
        return found != null && (await isParty(viewer, found, context)) ? found : null;
      }
      default:
        if (!(await isParty(viewer, root, context)) && (await also?.(root as never, context))?.includes(viewer.id) !== true) throw forbidden();
        return next();
    }
  };
}

/** @throws {InvalidRequest} UNAUTHENTICATED when nobody is signed in */
export function requireViewer(context: RequestContext): Viewer {
  if (context.viewer === null) throw unauthenticated();
  return context.viewer;
}

export const holdsAny = (viewer: Viewer, roles: readonly Role[] = []): boolean => roles.some((role) => viewer.roles.includes(role));

export async function isParty(viewer: Viewer, object: unknown, context: RequestContext): Promise<boolean> {
  const parties = await (object as Partial<HasParties>).parties?.(context);
  return parties?.includes(viewer.id) ?? false;
}

/** The directive's definition; its argument has to be the very Role type of the schema it is put into. */
export function authDirective(schema: GraphQLSchema): GraphQLDirective {
  const role = schema.getType("Role");
  if (!isEnumType(role)) throw new Error("The schema has no enum Role, which @auth needs");
  return new GraphQLDirective({
    name: "auth",
    description:
      "Who may select the field. No directive: everybody, signed in or not. With it the caller must be signed in, and, " +
      "if `any` or `participant` is given, hold one of the roles or be a party to the object (its learner, mentor, " +
      "or the user itself). A refused field is null plus a FORBIDDEN error at its path; an object looked up " +
      "by id to which the caller is no party is answered as if it did not exist (null, or the user error NOT_FOUND).",
    locations: [DirectiveLocation.FIELD_DEFINITION],
    args: {
      any: { type: new GraphQLList(new GraphQLNonNull(role)), description: "Any of these roles is enough." },
      participant: { type: new GraphQLNonNull(GraphQLBoolean), defaultValue: false, description: "So is being a party to the object." },
    },
  });
}
