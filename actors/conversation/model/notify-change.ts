// Notifications of versioned changes. Each versioned event reaches every member under its version, so that a member who
// lost one notices the gap at the next.
import type { RecordMeta } from "../../runtime/contract.ts";
import type { ConversationChange, VersionedChange } from "../../shared/conversation.ts";
import type { UserId } from "../../shared/ids.ts";
import { type Notification, typeOfChange } from "../../shared/notification.ts";
import type { ConversationState } from "./state.ts";
import { targetsOf } from "./targets.ts";

export function notifyChange(
  state: ConversationState,
  { version, change }: VersionedChange,
  lastSeq: number,
  { key, atMs }: RecordMeta,
): Notification[] {
  const membership = membershipOf(change);
  // Gateways of users who joined or left may not listen to the conversation yet, or any more: their own subjects too.
  const also: readonly UserId[] = membership?.joined ?? membership?.left ?? [];
  return targetsOf(state, atMs, { also }).map((target) => ({
    type: typeOfChange(change),
    target,
    atMs,
    fromUserId: senderOf(change),
    versioned: { conversationId: key, version, seq: lastSeq },
    change,
    membership,
  }));
}

function membershipOf(change: ConversationChange): Notification["membership"] {
  if (change.type === "member_joined") return { joined: change.userIds };
  return change.type === "member_left" ? { left: change.userIds } : undefined;
}

function senderOf(change: ConversationChange): UserId | undefined {
  if ("by" in change) return change.by;
  return change.type === "read" ? change.userId : undefined;
}
