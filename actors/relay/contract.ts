// One request to a model, as the relay runs it for a reply or for a client of the pass-through.
import type { Hold } from "../account/contract.ts";
import type { ChatRequest } from "../llm/chat.ts";
import type { Payer, Surface, UpstreamTarget } from "../llm/contract.ts";
import type { Failure } from "../llm/failure.ts";
import type { AnswerReader } from "../llm/reader.ts";
import type { EndReason, Usage } from "../llm/usage.ts";
import type { WholeAnswer } from "./http-try.ts";
import type { Sink } from "./intake.ts";

export interface RelayRequest {
  requestId: string;
  payer: Payer;
  keyLimits?: Hold["keyLimits"];
  surface: Surface;
  /** The path in the ledger's rows. */
  endpoint: string;
  /** Behind the base URL: `/chat/completions`. Also the capability that an upstream may refuse an account. */
  path: string;
  /** As the client named it. */
  model: string;
  targets: readonly UpstreamTarget[];
  conversationId?: string;
  affinity?: string;
  /** The account that holds what the request refers to, while it works. */
  preferred?: string;
  /** The largest use, for the hold; `isFlexible`: the client named no maximum. */
  most: Usage;
  /** Answers that the body asks for, default 1. */
  choices?: number;
  isFlexible: boolean;
  /** What the prompt has probably, for answers without usage. */
  promptTokens: number;
  isStream: boolean;
  /** The request costs money each time that it runs: it is not sent again when it is unknown whether it ran. */
  isPaidJob: boolean;
  /** Without another upstream, the same one is asked again after an answer that broke off. Not where the client does so itself. */
  repeats: boolean;
  /** For upstreams that know the header Idempotency-Key. */
  idempotencyKey?: string;
  /** The body for this target. */
  bodyFor(target: UpstreamTarget, terms: BodyTerms): UpstreamBody;
  /** For targets of another format; absent: such targets are left out. */
  chat?: ChatRequest;
  createReader(): AnswerReader;
  /** For upstreams that do not know `path`: the same request as a chat completion. */
  chatForm?: ChatForm;
  signal: AbortSignal;
}
export interface ChatForm {
  path: string;
  chat: ChatRequest;
  bodyFor(target: UpstreamTarget, terms: BodyTerms): UpstreamBody;
  createReader(): AnswerReader;
  /** What a try in this form gives its answer to. */
  sinkFor(sink: RelaySink): Sink;
  /** A try in the request's own form begins. */
  dropped(): void;
  /** Why the request cannot be said in this form. */
  refusal?: Failure;
}
export interface BodyTerms {
  /** This upstream has refused the field, which requests then go without. */
  isRefused(field: OptionalField["name"]): boolean;
  /** The budget is not enough for a longer answer, or for longer choices. */
  maxOutputTokens?: number;
}
/** A field that the answer does not depend on: an upstream that refuses it gets the request once more without. */
export interface OptionalField {
  name: "stream_options" | "encoding_format";
  /** Of the message or the parameter of the refusal. */
  pattern: RegExp;
}
export const usageOption: OptionalField = { name: "stream_options", pattern: /stream_options|include_usage/ };
export interface UpstreamBody {
  bytes: Uint8Array | string;
  contentType: string;
  optional?: OptionalField;
}

export interface RelaySink extends Sink {
  /** A try begins; the first has the number 1. */
  attempt?(number: number): Promise<void> | void;
  /** What came before a new try can be made void: then tries may begin after content, too. */
  readonly canReset?: true;
}

export interface RelayEnd {
  kind: "complete" | "failed" | "left";
  reason: EndReason;
  /** Without secrets. */
  failure?: Failure;
  hasBegun: boolean;
  whole?: WholeAnswer;
  usage: Usage;
  attempts: number;
  /** The account of the last try. */
  credentialId?: string;
  model: string;
  provider: string;
}

export interface Relay {
  /** Throws only DomainError, before an upstream was asked. */
  run(request: RelayRequest, sink: RelaySink): Promise<RelayEnd>;
}
