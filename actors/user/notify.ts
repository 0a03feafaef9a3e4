// Notifications to a user's own devices. `userVersion` is the version that the event made: a device that misses a version asks
// for the items since its own. The group publishes invitations and removals, because it knows its name.
import type { RecordMeta } from "../runtime/contract.ts";
import type { FrameType, Notification } from "../shared/notification.ts";
import { callNotifications } from "./call-notify.ts";
import { type NameField, type Profile, type ProfilePatch, visibilitySubject } from "./contract.ts";
import type { ByType, UserEvent } from "./events.ts";
import type { UserState } from "./state.ts";
import { toSelf } from "./to-self.ts";

export function notifyUser(state: UserState, event: UserEvent, meta: RecordMeta): Notification[] {
  const notify = notifications[event.type] as Notify;
  return notify(event, state, meta);
}

type Notify = (event: UserEvent, state: UserState, meta: RecordMeta) => Notification[];

const notifications: ByType<UserEvent, [UserState, RecordMeta], Notification[]> = {
  created: () => [],
  id_issued: () => [],
  standing_changed: () => [],
  name_begun: () => [],
  name_ended: () => [],
  friends_updated: () => [],
  qr_code_made: () => [],
  contacts_kept: () => [],
  contacts_sent: () => [],
  profile_changed({ version, profile, changed }, _, meta) {
    const patch: ProfilePatch & Partial<Pick<Profile, NameField>> = {};
    for (const field of changed) Object.assign(patch, { [field]: profile[field] });
    return [toSelf(meta, "user.profile_updated", version, { userId: meta.key, ...patch })];
  },
  settings_changed({ version, settings, changed }, _, meta) {
    const own = toSelf(meta, "user.settings_updated", version, { settings: { ...settings } });
    return changed.includes("lastSeen") ? [own, visibilityChanged({ conversationId: visibilitySubject }, meta)] : [own];
  },

  conversation_joined({ version, conversationId, conversationType, fanout, by }, _, meta) {
    const payload = { sessionId: conversationId, sessionType: conversationType, fanout, by };
    return [toSelf(meta, "session.created", version, payload, by)];
  },
  conversation_left: ({ version, conversationId, reason }, _, meta) => [
    toSelf(meta, "session.deleted", version, { sessionId: conversationId, reason }),
  ],
  fanout_changed: ({ version, conversationId, fanout }, _, meta) => [
    toSelf(meta, "session.updated", version, { sessionId: conversationId, fanout }),
  ],
  friend_profile_changed: ({ version, userId, card }, _, meta) => [
    toSelf(meta, "user.friend_profile_changed", version, { userId, ...card }, userId),
  ],
  friend_changed: ({ version, userId, isFriend }, _, meta) => [
    toSelf(meta, isFriend ? "friend.added" : "friend.deleted", version, { userId }, userId),
  ],
  request_changed({ version, request }, _, meta) {
    const { id, userId, direction, message, source, status, groupId } = request;
    const payload = { requestId: id, userId, direction, message, source, status, ...(groupId && { groupId }) };
    if (status !== "pending") return [toSelf(meta, "friend.request_handled", version, payload, userId)];
    if (direction === "received") return [toSelf(meta, "friend.request", version, payload, userId)];
    return [ownListsChanged(version, meta)];
  },
  // The group itself publishes group.invited: the other devices fetch the list.
  invitation_changed: ({ version }, _, meta) => [ownListsChanged(version, meta)],
  // The group itself publishes group.join_request: the other devices fetch the list.
  join_request_changed: ({ version }, _, meta) => [ownListsChanged(version, meta)],
  block_changed: ({ version, userId, isBlocked }, _, meta) => [
    toSelf(meta, "friend.blacklist_changed", version, { userId, isBlocked }),
    visibilityChanged({ users: [userId] }, meta),
  ],
  mentioned: ({ version, conversationId, messageId, seq, by }, _, meta) => [
    toSelf(meta, "message.mentioned", version, { sessionId: conversationId, messageId, seq, senderId: by }, by),
  ],

  pinned: ({ version, conversationId, isPinned }, _, meta) => [
    toSelf(meta, "session.pin_updated", version, {
      ...{ sessionId: conversationId, isPinned },
      pinnedAt: isPinned ? meta.atMs : 0,
    }),
  ],
  muted: ({ version, conversationId, isMuted }, _, meta) => [
    toSelf(meta, "session.mute_updated", version, { sessionId: conversationId, isMuted }),
  ],
  hidden: ({ version, conversationId, seq }, _, meta) => [
    toSelf(meta, "session.deleted", version, { sessionId: conversationId, reason: "hidden", hiddenSeq: seq }),
  ],
  cleared: ({ version, conversationId, seq }, _, meta) => [
    toSelf(meta, "message.deleted", version, { sessionId: conversationId, clearedSeq: seq }),
  ],
  messages_deleted({ version, conversationId, messages }, _, meta) {
    const messageIds = messages.map(({ messageId }) => messageId);
    // The device may hold no message of these, and counts all the same.
    const seqs = messages.map(({ seq }) => seq);
    const deleted = toSelf(meta, "message.deleted", version, { sessionId: conversationId, messageIds, seqs });
    return [{ ...deleted, frame: "MESSAGE_DELETED" satisfies FrameType }];
  },
  group_remark_set: ({ version, conversationId, remark }, _, meta) => [
    toSelf(meta, "session.updated", version, { sessionId: conversationId, remark }),
  ],
  remark_set: ({ version, userId, remark }, _, meta) => [
    toSelf(meta, "friend.remark_updated", version, { userId, remark }),
  ],
  starred: ({ version }, _, meta) => [ownListsChanged(version, meta)],
  friend_groups_set: ({ version }, _, meta) => [ownListsChanged(version, meta)],
  friend_group_set: ({ version }, _, meta) => [ownListsChanged(version, meta)],
  friend_group_removed: ({ version }, _, meta) => [ownListsChanged(version, meta)],
  read: ({ version, conversationId, seq, countSeq }, _, meta) => [
    toSelf(meta, "session.unread_updated", version, {
      ...{ sessionId: conversationId, readSeq: seq },
      readCountSeq: countSeq,
    }),
  ],

  ...callNotifications,
};

/** There is no event for this change: the user's devices fetch the lists. */
function ownListsChanged(version: number, meta: RecordMeta): Notification {
  return toSelf(meta, "sync.request", version, { scope: "user" });
}

/** To gateways, not to devices: what the target may see of this user's presence has changed. */
function visibilityChanged(target: Notification["target"], { key, atMs }: RecordMeta): Notification {
  const type = "user.visibility_changed";
  return { type, target, atMs, frame: "NOTIFICATION", data: { type, userId: key } };
}
