// Pinned messages: in a group by owner and admins, in a chat of two by both. The list is part of the state, and windows carry
// it, so that no row has to be found for it.
import { DomainError } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import type { Pinned } from "../model/events.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { PlacedMessage } from "../model/send-types.ts";
import type { ConversationState, ConversationTurn } from "../model/state.ts";
import { checkThere, checkVisible } from "./check-ref.ts";

/** Of one conversation; one more is refused with common.too_many. */
const maxPins = 50;

/** To pin a pinned message, or to unpin another one, changes nothing. */
export function pin(
  turn: ConversationTurn,
  { by, message, on }: { by: UserId; message: PlacedMessage; on: boolean },
  { rules }: ConversationPorts,
): { version: number } {
  const { state } = turn;
  allow(state, rules, "message.pin", by);
  if (on) checkThere(state, by, message);
  else checkVisible(state, by, message);
  const { messageId, seq } = message;
  const known = state.pins?.get(seq);
  if ((known !== undefined) === on) return { version: known?.version ?? 0 };
  if (on && (state.pins?.size ?? 0) >= maxPins) {
    throw new DomainError("common.too_many", { message: `Only ${maxPins} messages of a conversation may be pinned.` });
  }
  const version = state.version + 1;
  turn.emit({ type: "pinned", version, lastSeq: state.seq, messageId, seq, on, by });
  return { version };
}

export function foldPinned(state: ConversationState, { seq, messageId, by, on, version }: Pinned, atMs: number): void {
  if (!on) {
    foldUnpinned(state, seq);
    return;
  }
  state.pins ??= new Map();
  state.pins.set(seq, { messageId, by, atMs, version });
}

/** Also when the message is recalled or expires: its content is not shown anywhere any more. */
export function foldUnpinned(state: ConversationState, seq: number): void {
  state.pins?.delete(seq);
  if (state.pins?.size === 0) state.pins = undefined;
}
