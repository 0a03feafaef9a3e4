import type { ClientError } from "../../../client/base/errors.ts";
import type { OutgoingMessage } from "../../../client/base/wire.ts";

/** An own message that the server has not acknowledged, as the browser keeps it. */
export interface Kept {
  readonly msgId: string;
  readonly userId: string;
  readonly message: OutgoingMessage;
  readonly atMs: number;
  /** The server has refused it. */
  readonly isRefused: boolean;
}

export interface Unsent extends Kept {
  /** Why the server refused it. */
  readonly error?: ClientError;
}
