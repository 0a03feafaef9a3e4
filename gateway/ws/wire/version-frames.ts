// Versioned events as frames. An event makes the same frame whether the notification bus or a pull brought it.
import type { ConversationChange } from "../../../actors/conversation/contract.ts";
import type { SyncChange } from "../../../actors/reading/contract.ts";
import { type ConversationId, isGroupId } from "../../../actors/shared/ids.ts";
import {
  type FramedNotification,
  type FrameType,
  type NotificationType,
  typeOfChange,
} from "../../../actors/shared/notification.ts";
import { addressOnWire } from "../../wire/message.ts";
import { frameOfChange, frameOfMessage } from "../../wire/notification.ts";
import { encodeNotification, encodePublished } from "./encode.ts";
import type { Origin } from "./ring.ts";

export interface VersionedFrame {
  version: number;
  /** The conversation's last seq at this event. */
  seq: number;
  /** Set for messages. */
  messageId: string | undefined;
  json: string;
  except: Origin | undefined;
  joined: readonly string[];
  left: readonly string[];
  /** The users that this frame is for, when other users get another one, or none, under the same version. */
  audience?: ReadonlySet<string>;
  /** Of an edit in a group: the seq of the edited message, which members who joined later may not see. */
  editedSeq?: number;
  /** The frame of the same version for other users. */
  next?: VersionedFrame;
}
export type Versioned = NonNullable<FramedNotification["versioned"]>;

/** `users`: the target users on this gateway. */
export function frameOfNotification(
  notification: FramedNotification,
  { version, seq, conversationId }: Versioned,
  users: readonly string[],
): VersionedFrame {
  const { data, frame, type, atMs, exceptDeviceId, membership, fromUserId } = notification;
  const isComplete = data.seq !== undefined && data.version !== undefined && data.sessionId !== undefined;
  const full = isComplete ? data : { ...addressOnWire(conversationId), ...data, seq: data.seq ?? seq, version };
  const event: VersionedFrame = {
    version,
    seq,
    messageId: frame === "NEW_MESSAGE" ? String(data.messageId) : undefined,
    json: encodeVersioned(frame, atMs, type, full, { conversationId, version }),
    except: exceptDeviceId === undefined ? undefined : { userId: fromUserId, deviceId: exceptDeviceId },
    joined: membership?.joined ?? none,
    left: membership?.left ?? none,
  };
  const isGroup = isGroupId(conversationId);
  if (type === "message.edited" && isGroup) event.editedSeq = Number(data.seq);
  if (event.editedSeq !== undefined && "users" in notification.target) event.audience = new Set(users);
  return event;
}

/** The difference may look different to each member, so each listener must pull as its user. */
export function isPersonal({ conversationId, messages, changes }: ConversationDifference): boolean {
  const isGroup = isGroupId(conversationId);
  // Each viewer sees which reactions are their own.
  if (messages.some(({ reactions }) => reactions.length > 0)) return true;
  return isGroup && changes.some(({ change }) => change.type === "edited");
}

export type ConversationDifference = Extract<SyncChange, { type: "conversation" }>;

/** The events of a pull, in order. Messages come in their present state, so a hole in the versions is no gap. */
export function framesOfDifference(difference: ConversationDifference, fromVersion: number): VersionedFrame[] {
  const { conversationId, messages, changes } = difference;
  const events: VersionedFrame[] = [];
  for (const message of messages) {
    if (message.version <= fromVersion) continue;
    const { version, seq, messageId, atMs } = message;
    const { frame, data } = frameOfMessage(message);
    const json = encodePublished(frame, atMs, data);
    events.push({ version, seq, messageId, json, except: undefined, joined: none, left: none });
  }
  // The seq at a change is the seq of the last message before it.
  let index = 0;
  let seq = events.length > 0 ? events[0]!.seq - 1 : difference.seq;
  const messageCount = events.length;
  for (const { version, change } of changes) {
    if (version <= fromVersion) continue;
    for (; index < messageCount && events[index]!.version < version; index += 1) seq = events[index]!.seq;
    events.push(changeFrame({ conversationId, version, seq }, change));
  }
  return events.sort((a, b) => a.version - b.version);
}

const none: readonly string[] = [];

/** A NOTIFICATION is named by the conversation's version, which a pull knows, too. */
function encodeVersioned(
  frame: FrameType,
  atMs: number,
  type: NotificationType,
  data: object,
  { conversationId, version }: { conversationId: ConversationId; version: number },
): string {
  if (frame !== "NOTIFICATION") return encodePublished(frame, atMs, data);
  return encodeNotification(type, `${conversationId}.${version}`, atMs, data);
}

function changeFrame(versioned: Versioned, change: ConversationChange): VersionedFrame {
  const { frame, data } = frameOfChange(versioned, change);
  return {
    version: versioned.version,
    seq: versioned.seq,
    messageId: undefined,
    json: encodeVersioned(frame, change.atMs, typeOfChange(change), data, versioned),
    except: undefined,
    joined: change.type === "member_joined" ? change.userIds : none,
    left: change.type === "member_left" ? change.userIds : none,
  };
}
