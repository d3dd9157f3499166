import type { EntityManager } from "@mikro-orm/postgresql";
import type { Actor } from "../domain/actor.ts";
import type { Role } from "../domain/users/user.ts";
import type { Log } from "../kernel/log.ts";
import type { QueueDepths } from "../outbox/index.ts";
import type { ActivityFeed, SagaFeed, SagaOperations, SagaReader, SagaRegistry } from "../sagas/engine/index.ts";
import { createLoaders, type LoaderParts, type Loaders } from "./loaders.ts";

/** Issues the token that proves who somebody is; implemented where identities are kept. */
export interface TokenIssuer {
  issue(user: {
    readonly id: string;
    readonly roles: readonly Role[];
    readonly tokenGeneration: number;
  }): Promise<{ readonly accessToken: string; readonly expiresAt: Date }>;
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
  readonly identity: TokenIssuer;
  readonly log: Log;
}

/** Who asks, and how to ask again later whether they still may. */
export interface Caller {
  readonly viewer: Actor | null;
  readonly requestId: string;
  /** The viewer as of now: null once the account is switched off or the token has run out. Left out: does not change. */
  readonly renewViewer?: () => Promise<Actor | null>;
}

/** One request, or one subscription: who asks, what they may use, and what was loaded for them so far. */
export class RequestContext {
  readonly requestId: string;
  readonly sagas: SagaReader;
  readonly registry: SagaRegistry;
  readonly feed: SagaFeed;
  readonly activity: ActivityFeed;
  readonly queueDepths: QueueDepths;
  readonly operations: SagaOperations;
  readonly identity: TokenIssuer;
  // No # members: Apollo hands a copy of the context to resolvers, made without the constructor.
  private readonly parts: SchemaParts;
  private readonly caller: Caller;
  private currentViewer: Actor | null;
  private currentEm!: EntityManager;
  private currentLoaders!: Loaders;

  constructor(parts: SchemaParts, caller: Caller) {
    this.parts = parts;
    this.caller = caller;
    this.currentViewer = caller.viewer;
    this.requestId = caller.requestId;
    this.sagas = parts.sagas;
    this.registry = parts.registry;
    this.feed = parts.feed;
    this.activity = parts.activity;
    this.queueDepths = parts.queueDepths;
    this.operations = parts.operations;
    this.identity = parts.identity;
    this.refresh();
  }

  /** Null when nobody is signed in. */
  get viewer(): Actor | null {
    return this.currentViewer;
  }

  /** For reads outside a transaction. */
  get em(): EntityManager {
    return this.currentEm;
  }

  get loaders(): Loaders {
    return this.currentLoaders;
  }

  /** Forgets what was loaded: before each push of a subscription, and after a write. */
  refresh(): void {
    this.currentEm = this.parts.em();
    this.currentLoaders = createLoaders(this.currentEm, this.parts, this.currentViewer);
  }

  /** One call into the domain as one transaction; what is read afterwards sees what it wrote. */
  async write<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
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
}
