// Requests to models, as the parts of this system make them. `Models` runs one: it reserves the price at the payer's account,
// chooses an upstream and a credential, tries again where that is safe and unseen, relays, and settles once.
import type { UserId } from "../shared/ids.ts";
import type { ChatRequest, Delta } from "./chat.ts";
import type { EndReason, Usage } from "./usage.ts";

/** The surface that a request came in by: its rows in the ledger carry it. */
export type Surface = "v1" | "nextchat" | "chat" | "image" | "im";

export interface Payer {
  userId: UserId;
  /** The `sk-` key that the request came with. */
  keyId?: string;
}

/** Where a request goes: `${baseUrl}/chat/completions?${query}` where the upstream speaks OpenAI's format. */
export interface UpstreamTarget {
  /** openai, azure, google, anthropic, wenxin, doubao, qwen, or compatible for any other address. */
  provider: string;
  /** Absent: OpenAI's, so that requests and answers pass as they are. Others are converted (`ProviderChat`). */
  format?: "anthropic" | "google";
  /** Without a slash at its end; mostly it ends in /v1. */
  baseUrl: string;
  /** Goes behind every path: Azure's `api-version=…`. */
  query?: string;
  /** The header that carries the key alone. Absent: `Authorization: Bearer`. */
  keyHeader?: "api-key";
  /** The model's name there. */
  model: string;
  credential: { kind: "pool"; pool: string } | { kind: "key"; sealedKey: string } | { kind: "none" };
  /** The address was given by a user: requests go through the guard. */
  isUserUrl: boolean;
}

/** Who asks for which model. The directory answers the upstreams to try, best first. Throws llm.model_unknown, llm.no_config. */
export interface ModelDirectory {
  resolve(question: {
    payer: Payer;
    surface: Surface;
    model: string;
    provider?: string;
  }): Promise<readonly UpstreamTarget[]>;
}

export interface ModelRequest {
  /** One settle per request id, whatever dies. */
  requestId: string;
  payer: Payer;
  surface: Surface;
  /** The path in the ledger's rows, `/v1/chat/completions` for example. */
  endpoint: string;
  targets: readonly UpstreamTarget[];
  body: ChatRequest;
  conversationId?: string;
  signal: AbortSignal;
}

/** An answer of an upstream, piece by piece. `usage` may come more than once: the last one counts. */
export type ProviderEvent =
  | { type: "delta"; delta: Delta }
  | { type: "usage"; usage: Usage }
  /** Ends the answer. Without it the answer was cut. */
  | { type: "finish"; reason: EndReason; model?: string };

/**
 * Upstreams that speak another format than OpenAI's: one try, no retries. The iteration throws ProviderRefusal for an answer
 * that is an error, also inside a stream, and other errors when no answer came. Ending the iteration, or aborting the signal,
 * closes the connection.
 */
export interface ProviderChat {
  stream(request: {
    target: UpstreamTarget;
    key: string;
    body: ChatRequest;
    signal: AbortSignal;
  }): AsyncIterable<ProviderEvent>;
}

/** The upstream answered with an error. */
export class ProviderRefusal extends Error {
  override name = "ProviderRefusal";
  /** As HTTP would say it, also for an error inside a stream. */
  readonly status: number;
  /** As the upstream names it: overloaded_error, RESOURCE_EXHAUSTED. "" when it has no name. */
  readonly code: string;
  /** Retry-After and the like; names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    message: string,
    { code = "", headers = {} }: { code?: string; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export interface ChatListener {
  /** A new try begins: what came before it is void. The first has the number 1. */
  attempt(number: number): Promise<void> | void;
  /** Waited for: an upstream is not read faster than its answer is taken. */
  delta(delta: Delta): Promise<void> | void;
}

/** Never thrown: an answer that failed has an end, too. */
export interface ChatEnd {
  status: "completed" | "stopped" | "failed";
  reason: EndReason;
  /** For people, without secrets. */
  error?: { code: string; message: string; status: number };
  /** The whole answer of the last try. */
  text: string;
  usage: Usage;
  attempts: number;
  /** As the upstream named it. */
  model: string;
  provider: string;
}

export interface Models {
  /** Throws only DomainError, before an upstream was asked: llm.budget_spent, llm.rate_limited, common.unavailable. */
  chat(request: ModelRequest, listener: ChatListener): Promise<ChatEnd>;
}

/** One account of a pool, as one try of a request uses it. */
export interface Grant {
  readonly pool: string;
  readonly credentialId: string;
  readonly accessToken: string;
  /** The account's id at the upstream, "" when unknown: some upstreams want it in a header. */
  readonly accountId: string;
  /** Counts the access tokens of the account. */
  readonly tokenVersion: number;
}

/** What a try saw. A client's own mistake (400, 404, 413, 422) is "ok": the account works. */
export type Seen = "ok" | "rate_limited" | "unauthorized" | "forbidden" | "server_error" | "unreachable";

/** The accounts of pools: chooses one per try, learns from what the tries saw, and renews access tokens. */
export interface Credentials {
  /** Rejects when the pool's actor does not answer. */
  acquire(question: {
    pool: string;
    /** What is asked of the upstream: the endpoint. An upstream may refuse one capability of an account and serve others. */
    capability: string;
    /** This account, while it works: it holds what the request refers to. */
    preferred?: string;
    /** Requests with the same text go to the same account, while it works: a conversation, for the upstream's cache. */
    affinity?: string;
    /** Credential ids that this request has tried. */
    tried?: readonly string[];
  }): Promise<
    | { kind: "granted"; grant: Grant }
    /** Every account that could answer cools down: the shortest wait. */
    | { kind: "cooling"; retryAfterMs: number }
    /** No account is left that could answer. */
    | { kind: "none" }
  >;
  /** Waited for before the next `acquire` of the same request. `retryAfterMs`: as `retryAfterOf` reads it. Never rejects. */
  report(grant: Grant, seen: { kind: Seen; capability: string; retryAfterMs?: number }): Promise<void>;
  /**
   * After a 401: the account with a newer access token, for one more try. One refresh for all who ask, in the whole cluster.
   * Undefined: there is no newer token, and the 401 is to be reported as "unauthorized". Waits a bounded time; never rejects.
   */
  renew(grant: Grant): Promise<Grant | undefined>;
}

/** Counts and cuts prompts. */
export interface Tokens {
  count(model: string, text: string): number;
}

/** Encrypts secrets that stand in records: AES-256-GCM, the key's id in front, so that keys can be changed. */
export interface Secrets {
  seal(plain: string): string;
  /** Throws when no key opens the text. */
  open(sealed: string): string;
}
