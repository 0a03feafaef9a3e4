// What members are told of their group. Versioned events go to all; invitations, requests and receipts to whom they concern.

import type { RecordMeta } from "../../runtime/contract.ts";
import type { UserId } from "../../shared/ids.ts";
import type { Notification, NotificationType } from "../../shared/notification.ts";
import { changesOf } from "../changes.ts";
import type { GroupRead, Receipt, ReceiptsTold, Versioned } from "../events.ts";
import type { ConversationState } from "../state.ts";
import { adminIds, targetsOf } from "../targets.ts";
import type { GroupEvent } from "./events.ts";

export function notifyGroup(
  state: ConversationState,
  event: GroupEvent | GroupRead | ReceiptsTold,
  meta: RecordMeta,
): Notification[] {
  const groupId = groupIdOf(meta.key);
  switch (event.type) {
    case "group_read":
    case "receipts_told":
      return event.receipts.map((receipt) => receiptNotification(receipt, meta));
    case "invited":
      return [personal("group.invited", event.userIds, event.by, { ...invitation(event), isPending: true }, meta)];
    case "join_requested": {
      const { requestId, userId, message, inviterId } = event;
      return [personal("group.join_request", adminIds(state), userId, { requestId, userId, message, inviterId }, meta)];
    }
    case "join_request_handled": {
      const { requestId, userId, by, isAccepted } = event;
      const fields = { requestId, userId, status: isAccepted ? "accepted" : "rejected" };
      return [personal("group.join_request", [userId, ...adminIds(state)], by, fields, meta)];
    }
    case "fanout_told":
      return [];
    case "group_created": {
      const fields = { groupName: event.name, inviterId: event.ownerId };
      return [
        ...versioned(state, event, "group.member_joined", meta, { joined: [event.ownerId, ...event.userIds] }),
        ...personalIfAny("group.invited", event.userIds, event.ownerId, fields, meta),
      ];
    }
    case "members_joined": {
      const added = event.userIds.filter((userId) => userId !== event.by);
      return [
        ...versioned(state, event, "group.member_joined", meta, { joined: event.userIds }),
        ...personalIfAny("group.invited", added, event.by, invitation(event), meta),
      ];
    }
    case "member_left": {
      const type = event.reason === "removed" ? "group.removed" : "group.member_left";
      const told = versioned(state, event, "group.member_left", meta, { left: [event.userId] });
      if (event.reason === "exit") return told;
      return [...told, personal(type, [event.userId], event.by, { groupId }, meta)];
    }
    default:
      return versioned(state, event, typeOf(event), meta);
  }
}

type Settings = Extract<
  GroupEvent,
  { type: "info_updated" | "role_changed" | "member_muted" | "nickname_changed" | "disbanded" | "fanout_changed" }
>;

function typeOf(event: Settings): NotificationType {
  switch (event.type) {
    case "info_updated":
      return event.patch.isMuted === undefined ? "group.info_updated" : "group.muted";
    case "nickname_changed":
      return "group.info_updated";
    case "role_changed":
      return "group.role_changed";
    case "member_muted":
      return "group.muted";
    case "disbanded":
      return "group.disbanded";
    case "fanout_changed":
      return "session.fanout_changed";
  }
}

/** Everybody hears it; those who joined or left also by their own subjects, as their gateways may not listen yet. */
function versioned(
  state: ConversationState,
  event: Extract<GroupEvent, Versioned>,
  type: NotificationType,
  meta: RecordMeta,
  membership?: Notification["membership"],
): Notification[] {
  const { key, atMs } = meta;
  const [versionedChange] = changesOf(event, atMs);
  if (!versionedChange) return [];
  const { version, change } = versionedChange;
  const { type: changeType, atMs: _, ...fields } = change;
  const data = {
    ...fields,
    type,
    change: changeType,
    sessionId: key,
    sessionType: "group",
    groupId: groupIdOf(key),
    seq: event.lastSeq,
    version,
    timestamp: atMs,
  };
  const also: readonly UserId[] = membership?.joined ?? membership?.left ?? [];
  return targetsOf(state, atMs, { also }).map((target) => ({
    type,
    target,
    atMs,
    fromUserId: "by" in change ? change.by : undefined,
    versioned: { conversationId: key, version, seq: event.lastSeq },
    frame: "NOTIFICATION",
    data,
    membership,
  }));
}

function personal(
  type: NotificationType,
  users: readonly UserId[],
  fromUserId: UserId,
  fields: Record<string, unknown>,
  { key, atMs }: RecordMeta,
): Notification {
  const data = { type, sessionId: key, groupId: groupIdOf(key), ...fields, timestamp: atMs };
  return { type, target: { users }, atMs, fromUserId, frame: "NOTIFICATION", data };
}

function personalIfAny(...of: Parameters<typeof personal>): Notification[] {
  return of[1].length > 0 ? [personal(...of)] : [];
}

function invitation({ groupName, by }: { groupName: string; by: UserId }): Record<string, unknown> {
  return { groupName, inviterId: by };
}

function receiptNotification({ senderId, messageId, seq, userId, readCount }: Receipt, meta: RecordMeta): Notification {
  const { key, atMs } = meta;
  const data = { sessionId: key, groupId: groupIdOf(key), userId, messageId, seq, readCount, timestamp: atMs };
  return {
    type: "message.read_receipt",
    target: { users: [senderId] },
    atMs,
    fromUserId: userId,
    frame: "GROUP_MESSAGE_READ",
    data,
  };
}

function groupIdOf(key: string): string {
  return key.slice("g_".length);
}
