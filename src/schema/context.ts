import type { EntityManager } from "@mikro-orm/postgresql";
import type { Actor } from "../domain/actor.ts";
import type { FileVault } from "../domain/files/file-vault.ts";
import type { Role } from "../domain/users/user.ts";
import { InvalidRequest } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";
import type { QueueDepths } from "../outbox/index.ts";
import type { ActivityFeed, SagaFeed, SagaOperations, SagaReader, SagaRegistry } from "../sagas/engine/index.ts";
import { timedOut } from "./errors.ts";
import { createLoaders, type LoaderParts, type Loaders } from "./loaders.ts";

/** Issues the token that proves who somebody is; implemented where identities are kept. */
export interface TokenIssuer {
  /** @param signInId the sign-in that the token is of, which a sign-out with this token ends */
  issue(
    user: { readonly id: string; readonly roles: readonly Role[]; readonly tokenGeneration: number },
    signInId?: string,
  ): Promise<{ readonly accessToken: string; readonly expiresAt: Date }>;
}

/** The refresh token of a browser, which no script there can read; of one request and its response. */
export interface RefreshCookie {
  read(): string | null;
  write(token: string, expiresAt: Date): void;
  clear(): void;
}

/** What resolvers need of the rest of the program. */
export interface SchemaParts extends LoaderParts {
  /** A fresh fork for reads. */
  readonly em: () => EntityManager;
  /** Runs the work in one transaction, again when it lost a race. */
  readonly transaction: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;
  readonly feed: SagaFeed;
  readonly activity: ActivityFeed;
  readonly queueDepths: QueueDepths;
  readonly operations: SagaOperations;
  readonly files: FileVault;
  /** Issues tokens; without `issue`, an outside issuer keeps the accounts. */
  readonly identity: Partial<TokenIssuer>;
  readonly log: Log;
}

/** Who asks, and how to ask again later whether they still may. */
export interface Caller {
  readonly viewer: Actor | null;
  readonly requestId: string;
  /** Where the request comes from, as far as it can be believed: the address that limits count by. */
  readonly address: string;
  /** Aborted when the time of the request is over: what has not begun by then is not begun. */
  readonly signal?: AbortSignal;
  /** The sign-in that the token is of. */
  readonly signInId?: string | null;
  /** Left out where there are no cookies: on sockets. */
  readonly refreshCookie?: RefreshCookie;
  /** The viewer as of now: null once the account is switched off or the token has run out. Left out: does not change. */
  readonly renewViewer?: () => Promise<Actor | null>;
}

/** One request, or one subscription: who asks, what they may use, and what was loaded for them so far. */
export class RequestContext {
  readonly requestId: string;
  readonly address: string;
  readonly sagas: SagaReader;
  readonly registry: SagaRegistry;
  readonly feed: SagaFeed;
  readonly activity: ActivityFeed;
  readonly queueDepths: QueueDepths;
  readonly operations: SagaOperations;
  readonly files: FileVault;
  readonly signInId: string | null;
  readonly refreshCookie: RefreshCookie | null;
  // No # members: Apollo hands a copy of the context to resolvers, made without the constructor.
  private readonly parts: SchemaParts;
  private readonly caller: Caller;
  private currentViewer: Actor | null;
  private currentEm: EntityManager | null = null;
  private currentLoaders: Loaders | null = null;

  constructor(parts: SchemaParts, caller: Caller) {
    this.parts = parts;
    this.caller = caller;
    this.currentViewer = caller.viewer;
    this.requestId = caller.requestId;
    this.address = caller.address;
    this.sagas = parts.sagas;
    this.registry = parts.registry;
    this.feed = parts.feed;
    this.activity = parts.activity;
    this.queueDepths = parts.queueDepths;
    this.operations = parts.operations;
    this.files = parts.files;
    this.signInId = caller.signInId ?? null;
    this.refreshCookie = caller.refreshCookie ?? null;
  }

  /** Null when nobody is signed in. */
  get viewer(): Actor | null {
    return this.currentViewer;
  }

  /**
   * What issues tokens for accounts that are kept here.
   * @throws {InvalidRequest} NOT_SUPPORTED where an outside issuer keeps them
   */
  get tokens(): TokenIssuer {
    const { identity } = this.parts;
    const issue = identity.issue?.bind(identity);
    if (issue === undefined) throw new InvalidRequest("NOT_SUPPORTED", "Accounts are kept by an outside issuer: register, sign in and out there.");
    return { issue };
  }

  /** For reads outside a transaction. */
  get em(): EntityManager {
    this.requireTime();
    return (this.currentEm ??= this.parts.em());
  }

  get loaders(): Loaders {
    return (this.currentLoaders ??= createLoaders(this.em, this.parts, this.currentViewer));
  }

  /** Forgets what was loaded: between the pushes of a subscription, which then holds next to nothing, and after a write. */
  refresh(): void {
    this.currentEm = null;
    this.currentLoaders = null;
  }

  /** One call into the domain as one transaction; what is read afterwards sees what it wrote. */
  async write<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    this.requireTime();
    const result = await this.parts.transaction(work);
    this.refresh();
    return result;
  }

  /** Asks again who is asking; for subscriptions, which outlive what their token once said. */
  async renewViewer(): Promise<void> {
    if (this.caller.renewViewer !== undefined) this.currentViewer = await this.caller.renewViewer();
  }

  /** The rest of this request is answered to the user who has just shown their password. */
  signIn(viewer: Actor): void {
    this.currentViewer = viewer;
    this.refresh();
  }

  private requireTime(): void {
    if (this.caller.signal?.aborted === true) throw timedOut();
  }
}
