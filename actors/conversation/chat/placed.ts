// The facts of one of the newest messages, from the state alone: a tap on it reads no row.
import type { MessageId } from "../../shared/ids.ts";
import type { PlacedMessage } from "../model/send-types.ts";
import type { ConversationState } from "../model/state.ts";

/** Undefined when the state does not know the message, or may have forgotten what happened to it. */
export function placeOf(state: ConversationState, messageId: MessageId, nowMs: number): PlacedMessage | undefined {
  const message = state.recent.find((each) => each?.messageId === messageId);
  if (!message || message.seq < state.bucketFirstSeq) return undefined;
  const { seq, version = 0 } = message;
  const { forgottenVersion = 0, held } = state.reactions ?? {};
  if (version <= Math.max(state.forgottenVersion, forgottenVersion)) return undefined;
  const dueMs = state.pending.get(seq)?.dueMs ?? 0;
  if (dueMs > 0 && dueMs <= nowMs) return undefined;
  const status = state.changed.get(seq)?.status ?? "normal";
  const place: PlacedMessage = { messageId, seq, bucket: state.bucket, status, asOfVersion: state.version };
  const reactedBy = held?.get(seq)?.reactions;
  return reactedBy ? { ...place, reactedBy } : place;
}
