import type { IncomingMessage, ServerResponse } from "node:http";

/** The answer was written to the response by the handler, or will be. */
export const written = Symbol("written");

/** For handlers that read a body as it comes, or write bytes. */
export interface RawHttp {
  readonly request: IncomingMessage;
  /** Headers that every answer has are set on it already. A handler that writes to it answers `written`. */
  readonly response: ServerResponse;
}
