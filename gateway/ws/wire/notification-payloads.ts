// The payloads of NOTIFICATION frames by `data.type`. Each type that actors publish has an entry: its payloads, or the frame
// types that carry it instead, or the note that only gateways read it.
import type { FrameType, NotificationType } from "../../../actors/shared/notification.ts";
import { callInviteProps, callRejectedProps, callStatusProps } from "../../wire/shapes/call.ts";
import {
  choice,
  count,
  flag,
  id,
  object,
  optional,
  type Shape,
  seconds,
  text,
  time,
} from "../../wire/shapes/fields.ts";
import { requestDirection, requestStatus } from "../../wire/shapes/friend.ts";
import { groupName, joinRequestStatus } from "../../wire/shapes/group.ts";
import { name, placeProps, sessionType } from "../../wire/shapes/message.ts";
import { changeProps, fanout } from "../../wire/shapes/sync.ts";
import { bareSettingsShape, contactProps, loginProps, profilePatchProps } from "../../wire/shapes/user.ts";

export interface NotificationPayload {
  readonly summary: string;
  /** One shape per change that is published under the type. */
  readonly data: readonly Shape[];
}
type Carried = { readonly carriedBy: readonly FrameType[] } | { readonly carriedBy: "gateways only" };

type Props = Shape["props"];

/** In the data of every NOTIFICATION, beside its type. */
export const noticeProps = {
  notificationId: id,
  priority: choice("high", "normal", "low"),
  ttl: seconds,
  requireAck: flag,
};

/** A versioned change of a conversation. All members get it, in the order of versions. */
function versioned<const C extends keyof typeof changeProps>(summary: string, ...changes: C[]): NotificationPayload {
  const data = changes.map((change) => {
    const fields: Props = changeProps[change];
    const numbers = { seq: count(), version: count() };
    return payload({
      change: choice(change),
      ...placeProps,
      ...fields,
      ...(fields.by && { operatorId: id }),
      ...numbers,
    });
  });
  return { summary, data };
}

/** A change of the user's lists. All devices of the user get it; `userVersion` is the version of the lists after the change. */
function own(summary: string, ...fields: Props[]): NotificationPayload {
  return { summary, data: fields.map((props) => payload({ ...props, userVersion: optional(count()) })) };
}

function personal(summary: string, ...fields: Props[]): NotificationPayload {
  return { summary, data: fields.map(payload) };
}

function payload(props: Props): Shape {
  return object({ ...noticeProps, ...props, fromUserId: optional(id), timestamp: time });
}

function carriedBy(...frames: FrameType[]): Carried {
  return { carriedBy: frames };
}

const gatewaysOnly: Carried = { carriedBy: "gateways only" };

const requestProps = {
  requestId: id,
  userId: id,
  direction: requestDirection,
  message: text(200),
  source: text(32),
  status: requestStatus,
  groupId: optional(id),
};
const fileProps = {
  fileId: id,
  purpose: name,
  sessionId: optional(id),
  sessionType: optional(sessionType),
  groupId: optional(id),
};
const groupProps = { sessionId: id, groupId: id };

export const notificationPayloads = {
  "auth.force_logout": carriedBy("FORCE_LOGOUT"),
  "auth.password_changed": personal("The password was changed; every other login has ended.", {}),
  "auth.unusual_login": personal(
    "Somebody logged in as the user, on a device and from a network that are both new to the user.",
    { deviceId: id, deviceType: loginProps.deviceType, deviceName: text(64), ip: text(64) },
  ),
  "auth.sockets": gatewaysOnly,
  "user.visibility_changed": gatewaysOnly,
  "user.profile_updated": own("The user's own profile: the fields that changed.", {
    userId: id,
    ...profilePatchProps,
    phone: optional(contactProps.phone),
    email: optional(contactProps.email),
    account: optional(contactProps.account),
  }),
  "user.friend_profile_changed": own("A friend's profile: the fields that changed.", {
    userId: id,
    ...profilePatchProps,
  }),
  "user.status_changed": carriedBy("USER_ONLINE", "USER_OFFLINE"),
  "user.settings_updated": own("The user's own settings.", { settings: bareSettingsShape }),
  "friend.request": own("Somebody asks to be friends.", requestProps),
  "friend.request_handled": own("A friend request was accepted, was rejected or has expired.", requestProps),
  "friend.added": own("A new friend.", { userId: id }),
  "friend.deleted": own("A friend no more.", { userId: id }),
  "friend.remark_updated": own("The user's own name for a friend.", { userId: id, remark: name }),
  "friend.blacklist_changed": own("The user blocked or unblocked somebody.", { userId: id, isBlocked: flag }),
  "group.invited": personal("Somebody made the user a member, or (isPending) asks for their consent.", {
    ...groupProps,
    groupName,
    inviterId: id,
    isPending: flag,
    invitationId: optional(id),
  }),
  "group.invitation_handled": personal("To the inviter: an invited user accepted or declined.", {
    ...{ ...groupProps, invitationId: id, userId: id },
    status: choice("accepted", "declined"),
  }),
  "group.member_joined": versioned("Members joined.", "member_joined"),
  "group.member_left": versioned("A member left or was removed.", "member_left"),
  "group.removed": personal("The user was removed from the group.", groupProps),
  "group.info_updated": versioned("Fields of the group, or a member's name in it.", "info_updated", "nickname_changed"),
  "group.role_changed": versioned("A member's role.", "role_changed"),
  "group.muted": versioned("A member, or the whole group, was muted or unmuted.", "member_muted", "info_updated"),
  "group.disbanded": versioned("The group was dissolved.", "disbanded"),
  "group.assistant_changed": versioned(
    "A model became a member of the group, or is one no more.",
    "assistant_added",
    "assistant_removed",
  ),
  "group.join_request": personal(
    "To owner and admins: somebody asks to join. With status, to them and the one who asked: it was handled.",
    { ...groupProps, requestId: id, userId: id, message: text(200), inviterId: optional(id) },
    { ...groupProps, requestId: id, userId: id, status: joinRequestStatus },
  ),
  "message.new": carriedBy("NEW_MESSAGE"),
  "message.edited": carriedBy("MESSAGE_EDITED"),
  "message.recalled": carriedBy("MESSAGE_RECALLED"),
  "message.expired": carriedBy("MESSAGE_EXPIRED"),
  /** Only for a cleared conversation: deleted messages come as MESSAGE_DELETED. */
  "message.deleted": own("The user cleared a conversation for themselves, up to clearedSeq.", {
    sessionId: id,
    clearedSeq: count(),
  }),
  "message.read_receipt": carriedBy("MESSAGE_READ", "GROUP_MESSAGE_READ"),
  "message.pinned": carriedBy("MESSAGE_PINNED"),
  "message.reacted": carriedBy("REACTION_UPDATED"),
  "message.superseded": versioned(
    "An answer of a model has a newer version: show that one in its place.",
    "superseded",
  ),
  "message.delivered": carriedBy("MESSAGE_DELIVERED"),
  "message.typing": carriedBy("USER_TYPING"),
  "message.mentioned": own("A message mentions the user.", {
    sessionId: id,
    messageId: id,
    seq: count(),
    senderId: id,
  }),
  "session.created": own("A conversation entered the user's list.", {
    sessionId: id,
    sessionType,
    fanout,
    by: optional(id),
  }),
  "session.updated": own(
    "How the events of a conversation travel to gateways; or the user's own name for a group.",
    { sessionId: id, fanout },
    { sessionId: id, remark: name },
  ),
  "session.pin_updated": own("A conversation was pinned or unpinned.", {
    sessionId: id,
    isPinned: flag,
    pinnedAt: time,
  }),
  "session.mute_updated": own("A conversation was muted or unmuted.", { sessionId: id, isMuted: flag }),
  "session.deleted": own("A conversation left the list; `hidden`: until its next message.", {
    sessionId: id,
    reason: choice("exit", "removed", "disbanded", "hidden"),
    hiddenSeq: optional(count()),
  }),
  "session.unread_updated": own(
    "What is unread: messages arrived, or the user read on any device. Of a conversation at most once a second.",
    {
      sessionId: id,
      readSeq: count(),
      readCountSeq: count(),
      unreadCount: count(),
      mentionCount: count(),
      totalUnread: count("in all conversations that are not muted"),
    },
  ),
  "session.fanout_changed": versioned("How the events of the conversation travel to gateways.", "fanout_changed"),
  "session.friendship_changed": versioned("The two may talk, or may not any more.", "friendship"),
  "session.chat_updated": versioned("The title or the assistant of a chat with a model.", "chat_updated"),
  "session.chat_deleted": versioned("A chat with a model was deleted, for good.", "chat_deleted"),
  "reply.chunk": carriedBy("REPLY_CHUNK"),
  "reply.reset": carriedBy("REPLY_RESET"),
  "reply.done": carriedBy("REPLY_DONE"),
  "reply.stop": gatewaysOnly,
  "file.available": personal("A file of the user is there, for the conversation that it was uploaded for.", fileProps),
  "file.removed": personal("A file of the user was deleted or has expired.", fileProps),
  "file.upload_completed": personal("A file of the user is there.", {
    fileId: id,
    fileName: text(255),
    size: count("bytes"),
    mimeType: text(100),
    url: text(2_048, "a path of this server"),
  }),
  "file.processing": personal("What is being made of an upload.", {
    fileId: id,
    stage: choice("checking", "thumbnail", "converting", "cover", "transcoding"),
    progress: count("percent"),
  }),
  "file.expiring": personal("A temporary file of the user goes soon.", {
    fileId: id,
    fileName: text(255),
    expiresAt: time,
  }),
  "livekit.call_invite": own("A call rings.", callInviteProps),
  "livekit.call_status": own("A call of the user changed: it is the item call/current, too.", callStatusProps),
  "livekit.call_rejected": own("The other side rejected the call, or is busy.", callRejectedProps),
  "sync.request": own(
    "Another device changed what has no event of its own (a request that was sent, a star, a group of friends): the user's own lists have to be synced.",
    {
      scope: choice("user"),
    },
  ),
  "sync.completed": personal(
    "A device of the user has the complete answer to a sync from the beginning, or of several answers.",
    { deviceId: id, cursor: count() },
  ),
} as const satisfies Record<NotificationType, NotificationPayload | Carried>;

/** NOTIFICATION types that the gateway sends, besides those that actors publish. */
export const gatewayNotifications = {
  conversation_left: {
    summary: "The user is no member any more: forget the conversation.",
    data: [object({ ...noticeProps, sessionId: id, timestamp: time })],
  },
  "sync.request": {
    summary: "The device has to SYNC the conversation `sessionId` or, without one, the user's own lists.",
    data: [
      object({
        ...noticeProps,
        scope: choice("conversation", "user"),
        sessionId: optional(id),
        userVersion: optional(count()),
        timestamp: time,
      }),
    ],
  },
} as const satisfies Record<string, NotificationPayload>;
