// The table of server frames: the meaning of each frame and the shape of its `data`. encode.ts takes its types from the
// table, the tests check every received frame against it, and /docs and /asyncapi.json are made from it.
import type { FrameType } from "../../../actors/shared/notification.ts";
import {
  anything,
  choice,
  count,
  type Field,
  id,
  ids,
  list,
  object,
  optional,
  seconds,
  text,
  time,
  type ValueOf,
} from "../../wire/shapes/fields.ts";
import { messageShape, placeProps } from "../../wire/shapes/message.ts";
import { changeProps, syncShape } from "../../wire/shapes/sync.ts";

export interface ServerFrame {
  readonly summary: string;
  /** Absent for a frame without data, and for NOTIFICATION, whose payloads are in notification-payloads.ts. */
  readonly data?: Field;
  /** Carries `code`, `codeStr` and `message` beside its type. */
  readonly isError?: true;
  /** Carries the msgId of the client frame that it answers, where that frame had one. */
  readonly isAnswer?: true;
}

/** Data of a frame for one versioned change: the fields that SYNC_RESULT has for the change, and the conversation. */
function changeOf<C extends keyof typeof changeProps>(change: C) {
  return { ...placeProps, ...changeProps[change], version: count(), timestamp: time };
}

/** The reply of a model that a frame is about. */
const replyProps = { replyId: id, ...placeProps };
/** A piece may be a whole answer, where the model does not stream. */
const maxDeltaChars = 262_144;

/** Frames whose data the gateway makes; the data of other frames comes from notifications. */
type GatewayFrameType = "CONNECT_ACK" | "CONNECT_ERROR" | "PONG" | "OK" | "ERROR" | "SEND_ACK" | "SYNC_RESULT";

export const serverFrames = {
  CONNECT_ACK: {
    summary:
      "The socket is served. Messages that the device has not acknowledged follow, unless the URL says sync=client.",
    data: object({
      userId: id,
      deviceId: id,
      serverTime: time,
      heartbeatInterval: seconds,
      cursor: count(),
      storeId: id,
      retry: object({ delaysMs: list(count()), jitter: { ...count(), integer: false }, maxAttempts: count() }),
    }),
  },
  CONNECT_ERROR: {
    summary: "The socket is not served and closes: code 400 with 4400, code 401 with 4401, code 503 with 1013.",
    isError: true,
  },
  PONG: { summary: "Answers PING." },
  OK: {
    summary: "The frame with this msgId took effect. `data`: what a recalled message said, to its sender, once.",
    data: optional(object({ messageId: id, content: anything })),
    isAnswer: true,
  },
  ERROR: {
    summary:
      "The frame with this msgId was refused; `data` says why. 000006: it may still take effect; repeat it with the same msgId.",
    data: anything,
    isError: true,
    isAnswer: true,
  },
  SEND_ACK: {
    summary: "The message is durable and has its place in the conversation. version 0: of a retry of long ago.",
    data: object({
      messageId: id,
      sessionId: id,
      seq: count(),
      version: count(),
      timestamp: time,
      replyId: optional(id),
    }),
    isAnswer: true,
  },
  NEW_MESSAGE: {
    summary:
      "A message, also one's own from another device. Confirm it by MESSAGE_ACK. It may be sent again: drop a " +
      "known messageId. Later changes come as MESSAGE_EDITED, MESSAGE_RECALLED or MESSAGE_EXPIRED.",
    data: messageShape,
  },
  MESSAGE_EDITED: {
    summary: "A message has new content. A member who may not see the message gets the frame without content.",
    data: object({ ...changeOf("edited"), operatorId: id }),
  },
  MESSAGE_RECALLED: {
    summary: "A message was recalled: its content is gone.",
    data: object({ ...changeOf("recalled"), operatorId: id }),
  },
  MESSAGE_EXPIRED: { summary: "A message burnt or expired: its content is gone.", data: object(changeOf("expired")) },
  MESSAGE_PINNED: {
    summary: "A message was pinned or unpinned. A recall unpins without this frame.",
    data: object({ ...changeOf("pinned"), operatorId: id }),
  },
  REACTION_UPDATED: {
    summary:
      "All reactions to a message, in place of those known; `userIds` are the first of `count` users. At most one frame a " +
      "second and message, after all that was tapped meanwhile.",
    data: object(changeOf("reacted")),
  },
  MESSAGE_DELETED: {
    summary: "The user deleted messages for themselves on another device.",
    data: object({
      type: choice("message.deleted"),
      sessionId: id,
      messageIds: ids,
      seqs: list(count("of these messages, in the same order")),
      timestamp: time,
      userVersion: optional(count()),
    }),
  },
  MESSAGE_READ: {
    summary: "In a chat of two one side has read up to `seq`.",
    data: object(changeOf("read")),
  },
  GROUP_MESSAGE_READ: {
    summary: "To the sender of a group message: how many members have read it; at most once a second.",
    data: object({
      sessionId: id,
      groupId: id,
      userId: id,
      messageId: id,
      seq: count(),
      readCount: count(),
      timestamp: time,
    }),
  },
  MESSAGE_DELIVERED: {
    summary: "In a chat of two a device of the other side acknowledged messages up to `seq`.",
    data: object({ ...placeProps, userId: id, seq: count(), timestamp: time }),
  },
  USER_TYPING: {
    summary: "A user is typing; forget it after 3 s.",
    data: object({ ...placeProps, userId: id, timestamp: time }),
  },
  REPLY_CHUNK: {
    summary:
      "A piece of what a model answers. Pieces of one attempt have the numbers 1, 2, 3 …; drop a known one, and after a gap " +
      "send REPLY_ATTACH. The whole answer comes as NEW_MESSAGE.",
    data: object({
      ...replyProps,
      replyTo: id,
      attempt: count(),
      seq: count(),
      fromSeq: optional(count("of the first piece, when the frame holds several")),
      delta: text(maxDeltaChars),
      timestamp: time,
    }),
  },
  REPLY_RESET: {
    summary: "A new attempt began: drop the pieces of the older ones.",
    data: object({ ...replyProps, attempt: count(), timestamp: time }),
  },
  REPLY_DONE: {
    summary:
      "The reply is over. messageId: its message, which follows; absent when there is none. A discarded reply leaves nothing.",
    data: object({
      ...replyProps,
      replyTo: id,
      messageId: optional(id),
      status: choice("completed", "stopped", "failed"),
      error: optional(object({ code: text(64), message: text(1_000) })),
      timestamp: time,
    }),
  },
  USER_ONLINE: {
    summary: "A subscribed user has a connected device.",
    data: object({ userId: id, platform: text(16), timestamp: time }),
  },
  USER_OFFLINE: {
    summary: "A subscribed user has no connected device. lastSeen 0: not known, or hidden.",
    data: object({ userId: id, lastSeen: time, timestamp: time }),
  },
  SYNC_RESULT: {
    summary: "Answers SYNC. A device that applies the changes in order has the state of a fresh device.",
    data: syncShape,
    isAnswer: true,
  },
  FORCE_LOGOUT: {
    summary: "The login was ended; close code 4403 follows. Forget the token and log in again.",
    data: object({
      reason: choice("multi_login", "admin_kick", "account_banned", "password_changed", "token_reused"),
      message: text(200),
      timestamp: time,
    }),
  },
  NOTIFICATION: {
    summary:
      "Everything else, by `data.type`. Versioned ones carry seq and version of the conversation, changes of the " +
      "user's own lists carry userVersion.",
  },
} as const satisfies Record<GatewayFrameType | FrameType, ServerFrame>;

export type ServerFrameType = keyof typeof serverFrames;
export type DataOf<T extends ServerFrameType> = (typeof serverFrames)[T] extends { readonly data: infer D }
  ? ValueOf<D>
  : undefined;
export type ErrorFrameType = {
  [T in ServerFrameType]: (typeof serverFrames)[T] extends { readonly isError: true } ? T : never;
}[ServerFrameType];
