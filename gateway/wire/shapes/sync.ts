import { callRecordShape } from "./call.ts";
import {
  anything,
  choice,
  count,
  either,
  flag,
  id,
  idOrEmpty,
  ids,
  list,
  mapOf,
  nullable,
  object,
  optional,
  type Shape,
  text,
  time,
  type ValueOf,
} from "./fields.ts";
import { blacklistShape, friendGroupListShape, friendShape, requestDirection, requestStatus } from "./friend.ts";
import { groupName, groupShape, invitationListShape, invitationStatus, joinRequestStatus, role } from "./group.ts";
import {
  address,
  assistantId,
  chatTitle,
  messageShape,
  name,
  placeProps,
  sessionType,
  toldReactions,
} from "./message.ts";
import { sessionShape } from "./session.ts";
import { bareSettingsShape, profileShape, settingsShape } from "./user.ts";

export const fanout = choice("users", "conversation");

/** The fields of a group that a change names. */
const groupPatchShape = object(
  {
    name: optional(groupName),
    avatar: optional(address),
    announcement: optional(text(2_000)),
    joinVerify: optional(flag),
    isMuted: optional(flag),
    allowMemberInvite: optional(flag),
    allowViewHistory: optional(flag),
    allowAddFriend: optional(flag),
    allowViewMembers: optional(flag),
    showMemberNickname: optional(flag),
    mutedUntilMs: optional(count("ms since 1970; 0: until lifted")),
  },
  "GroupPatch",
);

/** Fields of each versioned change in SYNC_RESULT and in frames, beside `type`, `version` and `timestamp`. */
export const changeProps = {
  edited: { messageId: id, seq: count(), contentType: optional(text(64)), content: anything, by: id },
  recalled: { messageId: id, seq: count(), by: id },
  expired: { messageId: id, seq: count() },
  read: { userId: id, seq: count(), messageIds: optional(ids) },
  member_joined: { userIds: ids, by: id },
  member_left: { userIds: ids, by: id, reason: choice("exit", "removed") },
  info_updated: { info: groupPatchShape, by: id },
  role_changed: { userId: id, role, by: id },
  member_muted: { userId: id, untilMs: count("ms since 1970; 0: lifted"), by: id },
  nickname_changed: { userId: id, nickname: name },
  disbanded: { by: id },
  friendship: { state: choice("friends", "strangers"), by: id },
  fanout_changed: { fanout },
  chat_updated: { title: chatTitle, assistantId, by: id },
  chat_deleted: { by: id },
  pinned: { messageId: id, seq: count(), on: flag, by: id },
  reacted: { messageId: id, seq: count(), reactions: toldReactions },
  superseded: { messageId: id, seq: count(), newMessageId: id },
  assistant_added: { assistantId, name, avatar: address, by: id },
  assistant_removed: { assistantId, by: id },
} as const;

const changeShapes = Object.entries(changeProps).map(([type, props]) =>
  object({ version: count(), type: choice(type), ...props, timestamp: time }, `Change.${type}`),
);

const conversationChange = object(
  {
    type: choice("conversation"),
    ...placeProps,
    fromVersion: count(),
    version: count(),
    seq: count(),
    countSeq: count(),
    full: flag,
    messages: list(messageShape),
    changes: list(either(...changeShapes)),
    readSeq: count(),
    otherReadSeq: optional(count("of a pair: how far the other user has read")),
    unreadCount: count(),
    mentionCount: count(),
  },
  "ConversationDifference",
);

/** An item of the user's own lists; a deleted one stays as a tombstone. */
function item<const T extends string, P extends Shape["props"]>(type: T, props: P) {
  const versioned = { version: count(), updatedAt: time, deleted: optional(flag) };
  return object({ type: choice(type), ...props, ...versioned }, `Item.${type}`);
}
const itemShapes = [
  item("profile", { id: choice("me"), profile: withoutQrcode() }),
  item("settings", { id: choice("me"), settings: bareSettingsShape }),
  item("friend", {
    id,
    nickname: optional(name),
    avatar: optional(address),
    remark: name,
    since: time,
    isStarred: flag,
    groupIds: ids,
  }),
  item("request", {
    id,
    userId: id,
    direction: requestDirection,
    message: text(200),
    source: text(32),
    status: requestStatus,
    createdAt: time,
    groupId: idOrEmpty,
    expiresAt: time,
  }),
  item("friend_group", { id, name, sort: count() }),
  item("block", { id, blockedAt: time }),
  item("invitation", {
    id,
    ...{ sessionId: id, groupId: id, groupName, inviterId: idOrEmpty, status: invitationStatus },
    ...{ createdAt: time, expiresAt: time },
  }),
  item("join_request", {
    id,
    ...{ sessionId: id, groupId: id, groupName, message: text(200), status: joinRequestStatus },
    ...{ createdAt: time, handledAt: time },
  }),
  item("conversation", {
    id,
    conversationType: sessionType,
    joinedAt: time,
    fanout,
    isPinned: flag,
    pinnedAt: time,
    isMuted: flag,
    hiddenSeq: count(),
    clearedSeq: count(),
    readSeq: count(),
    readCountSeq: count(),
    mentionSeqs: list(count()),
    remark: name,
  }),
  item("deleted", { id, messages: list(object({ messageId: id, seq: count() })) }),
  item("call", { id: choice("current"), call: nullable(callRecordShape) }),
] as const;

function withoutQrcode() {
  const { qrcodeUrl: _, ...props } = profileShape.props;
  return object(props);
}

export const syncShape = object(
  {
    changes: list(
      either(
        conversationChange,
        object({ type: choice("conversation_left"), ...placeProps }, "ConversationLeft"),
        object(
          {
            type: choice("user"),
            fromVersion: count(),
            version: count(),
            full: flag,
            items: list(either(...itemShapes)),
          },
          "UserDifference",
        ),
      ),
    ),
    cursor: count(),
    vector: object({ userVersion: count(), conversations: mapOf(count()) }),
    hasMore: flag,
    full: flag,
    storeId: id,
  },
  "SyncResult",
);
export type WireSync = ValueOf<typeof syncShape>;

const conversationPageShape = object(
  {
    conversationId: id,
    sessionId: id,
    conversationType: sessionType,
    messages: list(messageShape),
    hasMore: flag,
    lastSeq: count(),
  },
  "ConversationPage",
);

/** The answer to POST /sync with `lastSyncTime`. */
export const syncByTimeShape = object(
  {
    full: flag,
    friends: list(friendShape),
    deletedFriendIds: ids,
    groups: list(groupShape),
    deletedGroupIds: ids,
    sessions: list(sessionShape),
    deletedSessionIds: ids,
    messages: list(conversationPageShape),
    /** These four are always whole. */
    friendGroups: friendGroupListShape.props.groups,
    invitations: invitationListShape.props.invitations,
    blacklist: blacklistShape.props.blacklist,
    settings: settingsShape,
    syncTime: time,
    lastSyncTime: time,
  },
  "SyncByTime",
);
export const syncMessagesShape = object({ conversations: list(conversationPageShape) });

/** The answer to GET /messages/offline. */
export const offlineShape = object({
  messages: list(messageShape),
  hasMore: flag,
  nextSeq: count("a cursor"),
  full: flag,
  storeId: id,
});
/** The answer to GET /messages/search. */
export const searchShape = object({ messages: list(messageShape), cursor: nullable(text(512)), hasMore: flag });
