// Everything the server may say. Every frame is {type, msgId?, timestamp, data}; ERROR and CONNECT_ERROR as in the seed.

export interface ServerFrame {
  readonly type: string;
  readonly summary: string;
  /** Fields of `data`. */
  readonly data: string;
}

const conversation = "sessionId, sessionType, groupId?, seq, version";

export const serverFrames: readonly ServerFrame[] = [
  {
    type: "CONNECT_ACK",
    summary: "The socket is served. What the device has not acknowledged follows, unless the URL says sync=client.",
    data: "userId, deviceId, serverTime, heartbeatInterval (s), cursor, storeId, retry {delaysMs, jitter, maxAttempts}",
  },
  {
    type: "CONNECT_ERROR",
    summary: "The socket is not served and closes: code 401 with 4401, code 503 with 1013.",
    data: "none; code, codeStr, message beside type",
  },
  { type: "PONG", summary: "Answers PING.", data: "none" },
  { type: "OK", summary: "The frame with this msgId was done.", data: "none" },
  {
    type: "ERROR",
    summary: "The frame with this msgId was refused. 000006: it may still appear; repeat it with the same msgId.",
    data: "what was wrong; code, codeStr, message beside type",
  },
  {
    type: "SEND_ACK",
    summary: "The message is durable, and has its place.",
    data: "messageId, sessionId, seq, version, timestamp",
  },
  {
    type: "NEW_MESSAGE",
    summary:
      "A message, also one's own from another device. To be confirmed by MESSAGE_ACK. It may come again: drop what " +
      "has a known messageId. What happened to it meanwhile comes as MESSAGE_EDITED, MESSAGE_RECALLED or MESSAGE_EXPIRED.",
    data: `messageId, clientMsgId, senderId, senderName, senderAvatar, contentType, content, ${conversation}`,
  },
  { type: "MESSAGE_EDITED", summary: "A message has new content.", data: `messageId, content, ${conversation}` },
  { type: "MESSAGE_RECALLED", summary: "A message was taken back.", data: `messageId, ${conversation}` },
  { type: "MESSAGE_EXPIRED", summary: "A message burnt or expired.", data: `messageId, ${conversation}` },
  {
    type: "MESSAGE_DELETED",
    summary: "Messages were deleted for the user, on another of his devices.",
    data: "sessionId, messageIds, userVersion",
  },
  { type: "MESSAGE_READ", summary: "1:1: one side has read up to seq.", data: `userId, messageIds, ${conversation}` },
  {
    type: "GROUP_MESSAGE_READ",
    summary: "To a message's sender: how many have read it; at most once a second.",
    data: "sessionId, groupId, messageId, userId, readCount",
  },
  { type: "MESSAGE_DELIVERED", summary: "1:1: a device of the other side got it.", data: "sessionId, userId, seq" },
  { type: "USER_TYPING", summary: "Somebody types; forget it after 3 s.", data: "userId, sessionId, timestamp" },
  { type: "USER_ONLINE", summary: "Of a watched user.", data: "userId, platform, timestamp" },
  { type: "USER_OFFLINE", summary: "Of a watched user.", data: "userId, lastSeen, timestamp" },
  {
    type: "SYNC_RESULT",
    summary: "Answers SYNC; applied in order it leads to the state of a fresh device.",
    data: "changes[], cursor, vector, hasMore, full, storeId",
  },
  {
    type: "FORCE_LOGOUT",
    summary: "The login was ended; close code 4403 follows. Forget the token and log in again.",
    data: "reason (multi_login, admin_kick, account_banned, password_changed, token_reused), message, timestamp",
  },
  {
    type: "NOTIFICATION",
    summary:
      "Everything else, by data.type: friend.*, group.*, session.*, user.*, message.mentioned, livekit.call_* (the call that " +
      "rings or runs is the user's item call/current, too); sync.request asks for a SYNC (scope: conversation with " +
      "sessionId, or user); conversation_left: forget this conversation.",
    data: "type and the event's own fields; versioned ones carry seq and version, list changes userVersion",
  },
];
