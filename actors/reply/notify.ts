// What viewers of a reply get while it is written: each delta is one frame, made once for all of them. REPLY_DONE comes from the
// conversation, with the message.
import type { RecordMeta } from "../runtime/contract.ts";
import { addressOf } from "../shared/ids.ts";
import type { Notification } from "../shared/notification.ts";
import { stopSubject } from "./contract.ts";
import type { ReplyEvent, ReplyState } from "./state.ts";

export function notifyReply({ facts }: ReplyState, event: ReplyEvent, { key, atMs }: RecordMeta): Notification[] {
  if (!facts) return [];
  const { target, conversationId, replyTo } = facts;
  const place = { replyId: key, ...addressOf(conversationId) };
  switch (event.type) {
    case "begun": {
      if (!event.isReset) return [];
      const data = { ...place, attempt: event.attempt, timestamp: atMs };
      return [{ type: "reply.reset", target, atMs, frame: "REPLY_RESET", data }];
    }
    case "appended": {
      const { attempt, firstSeq } = event;
      return event.deltas.map((delta, i) => ({
        type: "reply.chunk",
        target,
        atMs,
        frame: "REPLY_CHUNK",
        data: { ...place, replyTo, attempt, seq: firstSeq + i, delta, timestamp: atMs },
      }));
    }
    case "stop_asked":
      return stopOf(key, atMs);
    case "ended":
      return event.isDiscarded ? stopOf(key, atMs) : [];
    default:
      return [];
  }
}

function stopOf(replyId: string, atMs: number): Notification[] {
  const data = { replyId, timestamp: atMs };
  return [{ type: "reply.stop", target: { users: [stopSubject(replyId)] }, atMs, frame: "NOTIFICATION", data }];
}
