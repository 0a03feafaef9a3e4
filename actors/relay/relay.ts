// Runs one request to a model: hold, tries, one settle. Both faces stand on it: replies (`models.ts`), and the pass-through of
// the gateway.
//
// relay/unseen: before the first content has reached the sink, another account or upstream takes over, and the sink notices
//     nothing. After it, a new try begins only where the sink can be reset.
// relay/settle: a request that holds is settled once, whatever happens to its tries.
import type { Attempt, Delivered } from "../account/contract.ts";
import type { Ledger } from "../account/ledger.ts";
import { maxErrorChars } from "../account/limits.ts";
import type { Credentials, ProviderChat, Secrets, UpstreamTarget } from "../llm/contract.ts";
import { endReasonOf, type Failure, failureWithoutSecret, statusOf } from "../llm/failure.ts";
import type { AnswerReader } from "../llm/reader.ts";
import { type EndReason, noUsage, type Usage } from "../llm/usage.ts";
import { cutText } from "../shared/cut-text.ts";
import { DomainError } from "../shared/errors.ts";
import type { OptionalField, Relay, RelayEnd, RelayRequest, RelaySink, UpstreamBody } from "./contract.ts";
import { type TryDeps, type TryResult, tryOverHttp } from "./http-try.ts";
import type { Sink } from "./intake.ts";
import type { Catalog } from "./ports.ts";
import { tryProvider } from "./provider-try.ts";
import { countEnd, type RelayStats } from "./stats.ts";
import { createTargetPrices, type TargetPrices } from "./target-prices.ts";
import { type Access, createTargetWalk, isPerhapsDone } from "./target-walk.ts";

export interface RelayDeps extends TryDeps {
  ledger: Ledger;
  credentials: Credentials;
  secrets: Secrets;
  catalog: Catalog;
  /** By format. */
  providers: Partial<Record<NonNullable<UpstreamTarget["format"]>, ProviderChat>>;
  stats: RelayStats;
  reportError: (message: string, cause: unknown) => void;
}

export function createRelay(deps: RelayDeps): Relay {
  const refused = new Set<string>();
  return { run: (request, sink) => new Run(deps, request, sink, refused).run() };
}

type RequestForm = Pick<RelayRequest, "path" | "chat" | "bodyFor" | "createReader">;

/** Fields and paths that upstreams refused; then the set begins anew. */
const maxRefused = 1_000;

class Run {
  readonly #deps: RelayDeps;
  readonly #request: RelayRequest;
  readonly #sink: RelaySink;
  readonly #refused: Set<string>;
  readonly #startedMs: number;
  readonly #attempts: Attempt[] = [];
  #maxOutputTokens: number | undefined;
  #firstByteMs: number | undefined;
  readonly #prices: TargetPrices;
  #reader: AnswerReader;
  #last: TryResult | undefined;
  #lastTarget: UpstreamTarget | undefined;

  constructor(deps: RelayDeps, request: RelayRequest, sink: RelaySink, refused: Set<string>) {
    this.#deps = deps;
    this.#request = request;
    this.#sink = sink;
    this.#refused = refused;
    this.#startedMs = deps.clock.monotonicMs();
    this.#reader = request.createReader();
    this.#prices = createTargetPrices(deps.catalog, request.targets);
  }

  async run(): Promise<RelayEnd> {
    const request = this.#request;
    if (request.targets.length === 0) throw new DomainError("llm.model_unknown");
    const held = await this.#deps.ledger.hold({
      requestId: request.requestId,
      payer: request.payer,
      surface: request.surface,
      endpoint: request.endpoint,
      model: request.model,
      most: request.most,
      ...(request.isFlexible && { isFlexible: true }),
      ...(request.choices !== undefined && { choices: request.choices }),
      ...(request.conversationId !== undefined && { conversationId: request.conversationId }),
      ...(request.keyLimits && { keyLimits: request.keyLimits }),
      ...this.#prices.held,
    });
    this.#maxOutputTokens = held.maxOutputTokens;
    this.#deps.stats.requests += 1;
    let end: RelayEnd | undefined;
    try {
      end = await this.#tryTargets();
      return end;
    } finally {
      this.#settle(end);
    }
  }

  async #tryTargets(): Promise<RelayEnd> {
    const request = this.#request;
    const walk = createTargetWalk(this.#deps, request);
    while (this.#attempts.length < this.#deps.limits.maxAttempts) {
      if (request.signal.aborted) return this.#ended("left", "client_left");
      const access = await walk.next();
      if (!access) break;
      const { result, failure } = await this.#try(access);
      if (result.end.kind === "complete") {
        walk.worked(access);
        return this.#ended("complete", result.end.reason);
      }
      if (result.end.kind === "left") return this.#ended("left", "client_left");
      if (!failure) break;
      const isOver = result.hasBegun && !this.#sink.canReset;
      if (!(await walk.failed(access, failure, { isOver }))) return this.#failed(failure);
    }
    const last = this.#last?.end;
    const failure = last?.kind === "failed" ? last.failure : undefined;
    return this.#failed(walk.verdict(failure));
  }

  async #try(access: Access): Promise<{ result: TryResult; failure?: Failure }> {
    const { target, key, grant } = access;
    const startedMs = this.#deps.clock.monotonicMs();
    this.#lastTarget = target;
    await this.#sink.attempt?.(this.#attempts.length + 1);
    const result = withoutKey(await this.#send(access), key);
    this.#last = result;
    if (result.firstMs !== undefined) this.#firstByteMs ??= result.firstMs - this.#startedMs;
    const { end } = result;
    const failure = end.kind === "failed" ? end.failure : undefined;
    const isUnknown = failure !== undefined && this.#request.isPaidJob && isPerhapsDone(failure);
    this.#attempts.push({
      provider: target.provider,
      ...(grant && { credentialId: grant.credentialId }),
      status: failure && failure.status > 0 ? failure.status : result.status,
      reason: end.kind === "complete" ? end.reason : failure ? endReasonOf(failure) : "client_left",
      ms: Math.round(this.#deps.clock.monotonicMs() - startedMs),
      ...(isUnknown && { isUnknown }),
      ...(failure && result.hasBegun && { lost: this.#usage(result), ...this.#prices.namedFor(target) }),
    });
    return { result, failure };
  }

  async #send(access: Access): Promise<TryResult> {
    const { path, chatForm } = this.#request;
    const { target } = access;
    if (!chatForm) return this.#sendAs(this.#request, access);
    if (!target.format && !this.#refused.has(refusedField(target, path))) {
      chatForm.dropped();
      const result = await this.#sendAs(this.#request, access);
      if (!isUnknownPath(result)) return result;
      this.#refuse(target, path, result);
    }
    const { refusal, sinkFor } = chatForm;
    if (refusal) return { end: { kind: "failed", failure: refusal }, status: refusal.status, hasBegun: false };
    return this.#sendAs(chatForm, access, sinkFor(this.#sink));
  }

  async #sendAs(form: RequestForm, access: Access, sink: Sink = this.#sink): Promise<TryResult> {
    const { target, key } = access;
    const { requestId, signal } = this.#request;
    this.#reader = form.createReader();
    const taking = { reader: this.#reader, sink, signal };
    const provider = target.format && this.#deps.providers[target.format];
    if (provider && form.chat) {
      const body = { ...form.chat, model: target.model };
      return tryProvider(this.#deps, { provider, target, key, body, id: `chatcmpl-${requestId}` }, taking);
    }
    const send = (body: UpstreamBody) =>
      tryOverHttp(this.#deps, callOf(this.#request, access, { path: form.path, body }), taking);
    const body = this.#bodyFor(form, target);
    const result = await send(body);
    if (!body.optional || !isRefusalOf(body.optional, result)) return result;
    this.#refuse(target, body.optional.name, result);
    return send(this.#bodyFor(form, target));
  }

  /** Remembered for later requests; the refused try counts. */
  #refuse(target: UpstreamTarget, name: string, { status }: TryResult): void {
    if (this.#refused.size >= maxRefused) this.#refused.clear();
    this.#refused.add(refusedField(target, name));
    this.#attempts.push({ provider: target.provider, status, reason: "refused", ms: 0 });
  }

  #bodyFor(form: RequestForm, target: UpstreamTarget): UpstreamBody {
    const isRefused = (name: OptionalField["name"]) => this.#refused.has(refusedField(target, name));
    return form.bodyFor(target, { isRefused, maxOutputTokens: this.#maxOutputTokens });
  }

  #failed(failure: Failure): RelayEnd {
    return { ...this.#ended("failed", endReasonOf(failure)), failure };
  }

  #ended(kind: RelayEnd["kind"], reason: EndReason): RelayEnd {
    return {
      kind,
      reason,
      hasBegun: this.#last?.hasBegun ?? false,
      ...(this.#last?.whole && { whole: this.#last.whole }),
      usage: this.#usage(this.#last),
      attempts: this.#attempts.length,
      credentialId: this.#attempts.at(-1)?.credentialId,
      model: this.#reader.model ?? this.#lastTarget?.model ?? this.#request.model,
      provider: this.#lastTarget?.provider ?? "",
    };
  }

  /** As reported; else counted here, where the upstream worked. */
  #usage(result: TryResult | undefined): Usage {
    if (this.#reader.usage) return this.#reader.usage;
    if (!result || (!result.hasBegun && result.end.kind !== "complete" && result.status !== 200)) return noUsage;
    const { outputTokens } = this.#reader;
    return { inputTokens: this.#request.promptTokens, outputTokens, isEstimated: true };
  }

  #settle(end: RelayEnd | undefined): void {
    const { requestId, payer } = this.#request;
    const failure = end?.failure;
    const settle = {
      requestId,
      usage: end?.usage ?? noUsage,
      delivered: deliveredOf(end),
      reason: end?.reason ?? "cut",
      status: end === undefined ? 500 : failure ? statusOf(failure) : end.kind === "left" ? 499 : 200,
      ...(failure && { error: cutText(failure.message, maxErrorChars) }),
      attempts: this.#attempts,
      ...this.#prices.namedFor(this.#lastTarget),
      ...(this.#firstByteMs !== undefined && { firstByteMs: Math.round(this.#firstByteMs) }),
      ms: Math.round(this.#deps.clock.monotonicMs() - this.#startedMs),
    };
    const { ledger, reportError, stats } = this.#deps;
    countEnd(stats, end);
    ledger.settle(payer.userId, settle).catch((error) => {
      stats.unsettled += 1;
      reportError("relay: a request is not settled", error);
    });
  }
}

function deliveredOf(end: RelayEnd | undefined): Delivered {
  if (end?.kind === "complete") return "whole";
  return end?.hasBegun ? "part" : "nothing";
}

function callOf(
  { isPaidJob, isStream, idempotencyKey }: RelayRequest,
  { target, key, grant }: Access,
  { path, body }: { path: string; body: UpstreamBody },
) {
  const headers: Record<string, string> = {
    "content-type": body.contentType,
    accept: isStream ? "text/event-stream" : "application/json",
    "accept-encoding": "identity",
  };
  if (key !== "") headers[target.keyHeader ?? "authorization"] = target.keyHeader ? key : `Bearer ${key}`;
  if (idempotencyKey !== undefined) headers["idempotency-key"] = idempotencyKey;
  if (grant && grant.accountId !== "") headers["chatgpt-account-id"] = grant.accountId;
  const query = target.query === undefined ? "" : `?${target.query}`;
  const url = `${target.baseUrl}${path}${query}`;
  return { method: "POST", url, headers, body: body.bytes, isUserUrl: target.isUserUrl, isPaidJob } as const;
}

function isRefusalOf({ pattern }: OptionalField, { end }: TryResult): boolean {
  if (end.kind !== "failed" || end.failure.kind !== "client") return false;
  return pattern.test(`${end.failure.message} ${end.failure.param ?? ""}`);
}

/** The upstream knows the path not at all: 404 also means that it has no such model. */
function isUnknownPath({ end }: TryResult): boolean {
  if (end.kind !== "failed" || end.failure.kind !== "client") return false;
  const { status, code = "", message, param } = end.failure;
  if (status === 405) return true;
  return status === 404 && param === undefined && !/model|previous_response/i.test(`${code} ${message}`);
}

function refusedField({ baseUrl }: UpstreamTarget, name: string): string {
  return `${name} ${baseUrl}`;
}

/** At once, so that no other part sees what the upstream repeated. */
function withoutKey(result: TryResult, key: string): TryResult {
  if (result.end.kind !== "failed") return result;
  return { ...result, end: { kind: "failed", failure: failureWithoutSecret(result.end.failure, key) } };
}
