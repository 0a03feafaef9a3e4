import { maxChatChars } from "../../../actors/conversation/assistant/limits.ts";
import {
  anything,
  choice,
  count,
  type Field,
  flag,
  id,
  list,
  object,
  optional,
  text,
  time,
  type ValueOf,
} from "./fields.ts";

/** Longest name, remark or group name on the wire. */
export const name = text(100);
export const chatTitle = text(maxChatChars.title);
/** Longer than other ids, because the id of a system's model holds the name of the model. */
export const assistantId: Field<string> = { type: "string", min: 1, max: maxChatChars.assistantId };
/** A user, an assistant, or empty for the system. */
export const senderId: Field<string> = { type: "string", max: maxChatChars.assistantId };
export const address = text(2_048);
export const sessionType = choice("single", "group", "system", "assistant");

/** The conversation that a frame or an answer is about. */
export const placeProps = { sessionId: id, sessionType, groupId: optional(id) };
export type Place = ValueOf<typeof place>;
const place = object(placeProps);

/** The message that another one answers, as of now. */
const quoteShape = object(
  {
    messageId: id,
    seq: count(),
    senderId,
    senderName: name,
    contentType: text(64),
    content: text(200, "one line; empty when the message is gone"),
    status: optional(choice("recalled", "expired")),
  },
  "Quote",
);
/** Who wrote the original of a forwarded copy. */
const sourceShape = object({ senderId, senderName: name });
const emoji = text(64, "one emoji");
/** The reactions to a message, one entry per emoji; `mine`: the caller is one of the `count` users. */
const reactionsShape = list(object({ emoji, count: count(), mine: flag }, "Reaction"));
/** The same for everybody: the first users by their ids. */
export const toldReactions = list(object({ emoji, count: count(), userIds: list(id, 50) }, "ToldReaction"));

export const messageShape = object(
  {
    messageId: id,
    clientMsgId: text(64, "the sender's msgId"),
    ...placeProps,
    senderId,
    senderName: name,
    senderAvatar: address,
    contentType: text(64),
    content: anything,
    timestamp: time,
    seq: count(),
    version: count(),
    status: choice("sent", "delivered", "read", "recalled", "expired", "superseded"),
    editedAt: optional(time),
    replyTo: optional(id),
    quote: optional(quoteShape),
    forwardFrom: optional(sourceShape),
    mentions: optional(list(id)),
    burnAfterReadMs: optional(count("ms")),
    expireAt: optional(time),
    /** In answers: absent in a NEW_MESSAGE that was sent just now. */
    isPinned: optional(flag),
    reactions: optional(reactionsShape),
  },
  "Message",
);
export type WireMessage = ValueOf<typeof messageShape>;

/** The answer to a send. `version` is 0 for a retry after the version of the first send was forgotten. */
export const sentShape = object({
  messageId: id,
  clientMsgId: text(64),
  ...placeProps,
  seq: count(),
  version: count(),
  timestamp: time,
  /** The reply that a model writes to it. */
  replyId: optional(id),
});
/** The answer to an edit, a recall, a pin or a reaction. `version` 0: nothing changed, and the last one is not kept. */
export const changedShape = object({ messageId: id, ...placeProps, seq: count(), version: count() });
export const recalledShape = object({ ...changedShape.props, content: anything });

/** A message between its neighbours. */
export const contextShape = object({
  ...placeProps,
  messageId: id,
  messages: list(messageShape),
  hasBefore: flag,
  hasAfter: flag,
});

export const reactorsShape = object({
  reactions: list(object({ emoji, count: count(), users: list(object({ userId: id, nickname: name })) }, "Reactors")),
});
export const editsShape = object({ edits: list(object({ content: anything, editedAt: time }, "Edit")) });
export const pinsShape = object({
  pins: list(
    object(
      {
        messageId: id,
        seq: count(),
        senderId,
        senderName: name,
        contentType: text(64),
        content: anything,
        pinnedBy: id,
        pinnedAt: time,
      },
      "Pin",
    ),
  ),
});

export const messagePage = object({ messages: list(messageShape), hasMore: flag });

export const readersShape = object(
  {
    readCount: count(),
    unreadCount: count(),
    readMembers: list(object({ userId: id, nickname: name, avatar: address, readAt: time })),
  },
  "Readers",
);
