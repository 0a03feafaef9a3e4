// What a script of the scripted upstream gets and does.
import type { IncomingMessage } from "node:http";

/** One request as the upstream saw it. Times are of `performance.now()`. */
export interface UpstreamRequest {
  readonly number: number;
  readonly atMs: number;
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  /** The bytes of the body that have come. */
  readonly body: Buffer;
  /** The body as JSON, read when asked. */
  json<Body = Record<string, unknown>>(): Body;
  /** The key of `Authorization: Bearer`. */
  readonly key: string | undefined;
  /** The connection that the request came over, counted from 1. */
  readonly connection: number;
  readonly writes: readonly { atMs: number; bytes: Buffer }[];
  /** When the answer was over or its socket closed; undefined: it still runs. */
  readonly closedAtMs: number | undefined;
  /** The client closed the socket before the answer was over. */
  readonly wasLeft: boolean;
}

/** What a script does with a request. A write is one write and flush. */
export interface UpstreamCall {
  readonly request: UpstreamRequest;
  /** The status line and headers, sent at once. Without this call, the first write sends 200 and `text/event-stream`. */
  head(status: number, headers?: Record<string, string>): void;
  write(data: string | Uint8Array): Promise<void>;
  /** The clean end of the body. */
  end(): void;
  /** Destroys the socket; the client sees a reset. */
  cut(): void;
  /** Resolves after `ms`, or when the client leaves: a script should then return. */
  pause(ms: number): Promise<void>;
  /** Resolves when the client has closed the socket. */
  readonly left: Promise<void>;
}
export type Script = (call: UpstreamCall) => Promise<void> | void;
