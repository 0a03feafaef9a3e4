// A request with an Idempotency-Key, which runs once: who runs it, and its answer for `answerKeptMs`, so that a repeat gets the same
// bytes at any gateway. Key: the caller and the client's key, hashed. An answer longer than a record is kept in parts, each an
// actor of its own.
import { contract } from "../runtime/contract.ts";

export interface KeptAnswer {
  status: number;
  contentType: string;
  /** Of the request that ran. */
  requestId: string;
  attempts: number;
  parts: number;
}

export type Begun =
  /** The caller runs it, and reports by `finish` or `forget`. */
  { kind: "run" } | { kind: "running" } | { kind: "done"; answer: KeptAnswer };

export const answerKeptMs = 24 * 3_600_000;
/** Base64 of one part. */
export const maxPartChars = 240_000;
/** A longer answer is not kept, and a repeat runs anew. */
export const maxParts = 128;

interface OnceCommands {
  /** `hash`: of the request. Throws common.conflict for another request under the same key. */
  begin(input: { hash: string; requestId: string; boot: string }): Begun;
  finish(input: { requestId: string; answer: KeptAnswer }): null;
  /** The next request under this key runs anew. */
  forget(input: { requestId: string }): null;
  /** Of an actor that is a part. */
  putPart(input: { text: string }): null;
}
interface OnceQueries {
  part(input: Record<string, never>): { text?: string };
}
export const Once = contract<OnceCommands, OnceQueries>("once");
