import type { Validator } from "../../input/validate.ts";
import type { Connection } from "./connection.ts";

/** What a handler knows of the frame besides its body. */
export interface Incoming {
  msgId: string | undefined;
  sizeBytes: number;
}

/** A handler that throws, or whose promise rejects, is answered with ERROR. */
export interface ClientFrame<Body = unknown> {
  type: string;
  summary: string;
  /** "OK" is sent when the handler is done; other answers are the handler's own. */
  answer: string;
  schema: Validator<Body & object>;
  handle(connection: Connection, body: Body, incoming: Incoming): void | Promise<void>;
}

/** Keeps body and schema together, and forgets their type for the table. */
export function clientFrame<Body extends object>(frame: ClientFrame<Body>): ClientFrame {
  return frame as unknown as ClientFrame;
}
