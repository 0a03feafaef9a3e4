// What the REST answers contain, as far as the client names it. Answers may have more fields: /docs lists all of them.
import type { ConversationType, Message } from "../base/wire.ts";

export interface Profile {
  readonly userId: string;
  readonly nickname: string;
  readonly avatar: string;
  readonly signature: string;
}

/** The QR code of a user or a group. */
export interface QrCode {
  readonly code: string;
  /** What the picture says. */
  readonly content: string;
  /** The picture, without a token. */
  readonly qrcodeUrl: string;
  readonly expiresAt: number;
}

/** An entry of the conversation list. */
export interface SessionEntry {
  readonly sessionId: string;
  readonly sessionType: ConversationType;
  readonly name: string;
  readonly avatar: string;
  /** The other user of a pair. */
  readonly userId?: string;
  readonly groupId?: string;
  /** Of a chat with a model. */
  readonly assistantId?: string;
  readonly unreadCount: number;
  readonly mentionCount?: number;
  readonly isPinned: boolean;
  /** 0: not pinned. */
  readonly pinnedAt: number;
  readonly isMuted: boolean;
  readonly seq: number;
  readonly version: number;
  readonly readSeq: number;
  readonly updatedAt: number;
  readonly myRole?: Member["role"];
  readonly lastMessage: {
    readonly messageId: string;
    readonly seq: number;
    readonly senderId: string;
    readonly contentType: string;
    readonly content: string;
    readonly timestamp: number;
  } | null;
}

/** What changed in the conversation list since `updateTime` of an earlier answer; `full`: this is the whole list. */
export interface SessionChanges {
  readonly sessions: readonly SessionEntry[];
  readonly deletedIds: readonly string[];
  readonly full: boolean;
  readonly updateTime: number;
}

export interface MessagePage {
  readonly messages: Message[];
  readonly hasMore: boolean;
}

/** Oldest first, the message itself included. */
export interface MessageContext {
  readonly sessionId: string;
  readonly messageId: string;
  readonly messages: Message[];
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
}

/** Of one target of a forward. */
export type ForwardResult =
  | {
      readonly ok: true;
      readonly sessionId: string;
      readonly messages: readonly { readonly messageId: string; readonly seq: number; readonly timestamp: number }[];
    }
  | { readonly ok: false; readonly code: number; readonly codeStr: string; readonly message: string };

export type MergedMessage = Pick<
  Message,
  "messageId" | "senderId" | "senderName" | "contentType" | "content" | "timestamp" | "seq"
>;

export interface PinnedMessage {
  readonly messageId: string;
  readonly seq: number;
  readonly senderId: string;
  readonly senderName: string;
  readonly contentType: string;
  readonly content: unknown;
  readonly pinnedBy: string;
  readonly pinnedAt: number;
}

/** Who reacted with one emoji. */
export interface Reactors {
  readonly emoji: string;
  readonly count: number;
  readonly users: readonly { readonly userId: string; readonly nickname: string }[];
}

export interface Friend {
  readonly userId: string;
  readonly nickname: string;
  readonly avatar: string;
  /** The name that the caller gave the friend; empty: none. */
  readonly remark: string;
  readonly isStarred: boolean;
  readonly groupIds: readonly string[];
  /** 1: online. */
  readonly status: number;
}

/** The user's own group of friends; `userIds` in the list of groups. */
export interface FriendGroup {
  readonly groupId: string;
  readonly name: string;
  readonly sort: number;
  readonly userIds?: readonly string[];
}

/** A user found by an address that the caller uploaded. */
export interface ContactMatch {
  readonly userId: string;
  readonly nickname: string;
  readonly avatar: string;
  readonly signature: string;
  readonly phone?: string;
  readonly email?: string;
  readonly isFriend: boolean;
}

export interface Recommendation {
  readonly userId: string;
  readonly nickname: string;
  readonly avatar: string;
  readonly reason: "contacts";
}

export interface FriendRequest {
  readonly requestId: string;
  readonly type: "received" | "sent";
  readonly status: "pending" | "accepted" | "rejected" | "expired";
  readonly userId: string;
  readonly nickname: string;
  readonly avatar: string;
  readonly message: string;
  readonly createdAt: number;
}

export interface GroupInvitation {
  readonly invitationId: string;
  readonly groupId: string;
  readonly groupName: string;
  readonly memberCount: number;
  readonly inviterId: string;
  readonly inviterName: string;
  readonly status: "pending" | "accepted" | "declined" | "expired" | "cancelled";
  readonly expiresAt: number;
}

export interface GroupJoinRequest {
  readonly requestId: string;
  readonly groupId: string;
  readonly groupName: string;
  readonly userId: string;
  readonly message: string;
  readonly status: "pending" | "accepted" | "rejected";
}

export interface Group {
  readonly groupId: string;
  readonly sessionId: string;
  readonly name: string;
  readonly avatar: string;
  readonly announcement: string;
  readonly ownerId: string;
  readonly memberCount: number;
  readonly joinVerify: boolean;
  readonly isMuted: boolean;
  readonly myRole?: Member["role"];
}

/** Somebody asks to join a group. */
export interface JoinRequest {
  readonly requestId: string;
  readonly userId: string;
  readonly message: string;
  readonly status: string;
  readonly userInfo: { readonly nickname: string; readonly avatar: string };
}

export interface Member {
  readonly userId: string;
  readonly nickname: string;
  readonly avatar: string;
  /** Of the member in this group; empty: none. */
  readonly groupNickname: string;
  readonly isMuted: boolean;
  readonly role: "owner" | "admin" | "member";
}

export interface Device {
  readonly deviceId: string;
  readonly deviceType: string;
  readonly deviceName: string;
  readonly clientVersion: string;
  readonly ip: string;
  readonly createdAt: number;
  readonly lastActiveTime: number;
  /** It is the device that asks. */
  readonly isCurrent: boolean;
}

/** A login of the history. */
export interface KnownLogin extends Device {
  readonly loginId: string;
  /** 0: open. */
  readonly endedAt: number;
  /** logout, multi_login, replaced, password_changed, expired …; empty while it is open. */
  readonly endReason: string;
}

/** A model to talk to. */
export interface Assistant {
  readonly assistantId: string;
  readonly name: string;
  readonly model: string;
  readonly avatar: string;
  readonly capabilities: readonly string[];
}

export interface AssistantSettings {
  readonly name: string;
  readonly model: string;
  readonly provider?: string;
  readonly systemPrompt?: string;
  readonly avatar?: string;
}

/** A file of this system. `url` and `thumbnail` are paths of the server, opened with the token. */
export interface UploadedFile {
  readonly fileId: string;
  readonly fileName: string;
  readonly type: string;
  readonly url: string;
  /** Empty where there is no preview. */
  readonly thumbnail: string;
  readonly size: number;
  readonly mimeType: string;
  readonly sha256: string;
  readonly width?: number;
  readonly height?: number;
  /** Seconds. */
  readonly duration?: number;
  readonly status: "uploading" | "processing" | "available" | "expired" | "deleted";
  readonly createdAt: number;
}
