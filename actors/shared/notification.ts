// Notifications to users, published on `notification.{service}.{event}.{target}` after the commit.
import type { ConversationChange } from "./conversation.ts";
import type { StoredMessage } from "./message.ts";

type Priority = "high" | "normal" | "low";

/** How a notification is to be delivered. */
export interface Terms {
  /** high: overtakes what waits for a slow device · low: dropped for a slow device. */
  readonly priority: Priority;
  /** Seconds after which the notification is no longer worth delivering; else `ttlSeconds` of its priority. */
  readonly ttl?: number;
  /** Sent again until the device confirms it. Events of a conversation are confirmed by their version instead. */
  readonly requireAck?: true;
}

/** Every type of notification that this system sends. */
export const notificationTypes = {
  "auth.force_logout": { priority: "high" },
  "auth.password_changed": { priority: "normal", requireAck: true },
  "auth.unusual_login": { priority: "high", requireAck: true },
  /** From gateway to gateway, by way of the session actor: no device gets it. */
  "auth.sockets": { priority: "high" },
  /** For gateways, no device gets it: what the target may see of the presence of `data.userId` has changed. */
  "user.visibility_changed": { priority: "high" },
  "user.profile_updated": { priority: "normal" },
  "user.friend_profile_changed": { priority: "normal" },
  "user.status_changed": { priority: "low" },
  "user.settings_updated": { priority: "normal" },
  "friend.request": { priority: "high", requireAck: true },
  "friend.request_handled": { priority: "normal" },
  "friend.added": { priority: "normal" },
  "friend.deleted": { priority: "normal" },
  "friend.remark_updated": { priority: "normal" },
  "friend.blacklist_changed": { priority: "normal" },
  "group.invited": { priority: "normal", requireAck: true },
  "group.invitation_handled": { priority: "normal" },
  "group.member_joined": { priority: "normal" },
  "group.member_left": { priority: "normal" },
  "group.removed": { priority: "normal" },
  "group.info_updated": { priority: "normal" },
  "group.role_changed": { priority: "normal" },
  "group.muted": { priority: "normal" },
  "group.disbanded": { priority: "normal" },
  "group.assistant_changed": { priority: "normal" },
  "group.join_request": { priority: "high" },
  "message.new": { priority: "normal" },
  "message.edited": { priority: "normal" },
  "message.recalled": { priority: "normal" },
  "message.expired": { priority: "normal" },
  "message.deleted": { priority: "normal" },
  "message.read_receipt": { priority: "low" },
  "message.delivered": { priority: "low" },
  "message.typing": { priority: "low", ttl: 5 },
  "message.mentioned": { priority: "normal" },
  "message.superseded": { priority: "normal" },
  "message.pinned": { priority: "normal" },
  "message.reacted": { priority: "low" },
  "session.created": { priority: "normal" },
  "session.pin_updated": { priority: "normal" },
  "session.mute_updated": { priority: "normal" },
  "session.deleted": { priority: "normal" },
  "session.unread_updated": { priority: "low" },
  "session.fanout_changed": { priority: "normal" },
  "session.friendship_changed": { priority: "normal" },
  "session.updated": { priority: "normal" },
  "session.chat_updated": { priority: "normal" },
  "session.chat_deleted": { priority: "normal" },
  /** A device that misses one asks for it by its number. */
  "reply.chunk": { priority: "low" },
  "reply.reset": { priority: "normal" },
  "reply.done": { priority: "normal" },
  /** For the worker that makes a reply, on the subject of the reply: no device gets it. */
  "reply.stop": { priority: "high" },
  "file.available": { priority: "normal" },
  "file.removed": { priority: "normal" },
  "file.upload_completed": { priority: "normal" },
  /** Progress: a later one replaces it. */
  "file.processing": { priority: "low" },
  "file.expiring": { priority: "normal" },
  "livekit.call_invite": { priority: "high", ttl: 60 },
  "livekit.call_status": { priority: "high" },
  "livekit.call_rejected": { priority: "high" },
  "sync.request": { priority: "normal" },
  "sync.completed": { priority: "normal" },
} as const satisfies Record<string, Terms>;

export type NotificationType = keyof typeof notificationTypes;

/** The WS frame types that carry notifications; every other notification travels as frame NOTIFICATION. */
export type FrameType =
  | "NEW_MESSAGE"
  | "MESSAGE_EDITED"
  | "MESSAGE_RECALLED"
  | "MESSAGE_EXPIRED"
  | "MESSAGE_DELETED"
  | "MESSAGE_READ"
  | "GROUP_MESSAGE_READ"
  | "MESSAGE_DELIVERED"
  | "MESSAGE_PINNED"
  | "REACTION_UPDATED"
  | "USER_TYPING"
  | "REPLY_CHUNK"
  | "REPLY_RESET"
  | "REPLY_DONE"
  | "USER_ONLINE"
  | "USER_OFFLINE"
  | "FORCE_LOGOUT"
  | "NOTIFICATION";

/** `message` and `change` are versioned events as they are stored; the edge makes frames of them, pushed and pulled alike. */
export type Notification = Envelope & (FrameContent | MessageContent | ChangeContent);

/** A notification whose frame is made already. */
export type FramedNotification = Envelope & FrameContent;

interface Envelope {
  /** The same for all devices. Absent until a bus gave one. */
  readonly notificationId?: string;
  readonly type: NotificationType;
  readonly target: /** Users, or gateway processes: each listens under its boot. */
    | { readonly users: readonly string[] }
    /** One subject per conversation, above `perUserFanoutMax` members: every gateway of a member subscribes to it. */
    | { readonly conversationId: string };
  /** Ms since 1970. */
  readonly atMs: number;
  readonly fromUserId?: string;
  /** Set on versioned events: gateways deliver strictly by version, and pull on a gap. */
  readonly versioned?: {
    readonly conversationId: string;
    readonly version: number;
    /** The conversation's last seq at this event; NEW_MESSAGE has its own. */
    readonly seq: number;
  };
  /** Not sent to this device, which caused the event and got its own answer. */
  readonly exceptDeviceId?: string;
  /** Users who joined or left by this event: a gateway changes its listeners before it delivers the next version. */
  readonly membership?: { readonly joined?: readonly string[]; readonly left?: readonly string[] };
}

/** What devices get: the frame's type and its `data`. */
interface FrameContent {
  readonly frame: FrameType;
  readonly data: Readonly<Record<string, unknown>>;
}
interface MessageContent {
  readonly message: StoredMessage;
}
interface ChangeContent {
  readonly change: ConversationChange;
}

/** The type under which each versioned change is published. */
export function typeOfChange(change: ConversationChange): NotificationType {
  if (change.type === "info_updated" && change.info.isMuted !== undefined) return "group.muted";
  return changeTypes[change.type];
}

const changeTypes: Record<ConversationChange["type"], NotificationType> = {
  edited: "message.edited",
  recalled: "message.recalled",
  expired: "message.expired",
  read: "message.read_receipt",
  member_joined: "group.member_joined",
  member_left: "group.member_left",
  info_updated: "group.info_updated",
  role_changed: "group.role_changed",
  member_muted: "group.muted",
  nickname_changed: "group.info_updated",
  disbanded: "group.disbanded",
  friendship: "session.friendship_changed",
  fanout_changed: "session.fanout_changed",
  chat_updated: "session.chat_updated",
  chat_deleted: "session.chat_deleted",
  superseded: "message.superseded",
  pinned: "message.pinned",
  reacted: "message.reacted",
  assistant_added: "group.assistant_changed",
  assistant_removed: "group.assistant_changed",
};
