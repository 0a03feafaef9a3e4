// What the relay needs of the world.
import type { Price } from "../account/price.ts";
import type { UpstreamTarget } from "../llm/contract.ts";

/** One HTTP request to an upstream. */
export interface UpstreamCall {
  method: "POST" | "GET" | "DELETE";
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | string;
  /** The address was given by a user. */
  isUserUrl: boolean;
  /**
   * A request that must not run twice: it goes over a connection of its own, so that no connection which the upstream
   * closed meanwhile is used, and a reset leaves no doubt about which requests were read.
   */
  isPaidJob: boolean;
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Called in this order: `head`, `data` …, then `end` or `fail`, once. Nothing is called after `abort`. */
export interface UpstreamHandler {
  /** Names of headers are in lower case. The body that follows is not compressed any more. */
  head(status: number, headers: Headers): void;
  /** The bytes do not change afterwards. */
  data(bytes: Uint8Array): void;
  end(): void;
  /**
   * unreachable: nothing was sent. lost: the connection ended after the request was sent, and before the head of an answer.
   * cut: after the head. garbled: the body is not in the encoding that its header says.
   */
  fail(kind: "unreachable" | "lost" | "cut" | "garbled", message: string): void;
}

export interface UpstreamControl {
  /** Closes the connection. */
  abort(): void;
  pause(): void;
  resume(): void;
}

/** Sends requests as they are: no redirects, no retries, no time limits but that of the connection's making. */
export interface Transport {
  send(call: UpstreamCall, handler: UpstreamHandler): UpstreamControl;
}

/** What the list of models says. */
interface ModelFacts {
  /** Absent: unpriced. */
  price?: Price;
  /** The longest answer of the model, for requests that name no maximum. */
  maxOutputTokens?: number;
}
export interface Catalog {
  find(target: UpstreamTarget): ModelFacts;
}
