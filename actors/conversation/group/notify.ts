// Notifications of a group. Versioned events go to all members; invitations, requests and receipts to the users concerned.

import type { RecordMeta } from "../../runtime/contract.ts";
import { groupIdOf, type UserId } from "../../shared/ids.ts";
import type { Notification, NotificationType } from "../../shared/notification.ts";
import { changesOf } from "../model/changes.ts";
import type { GroupRead, Receipt, ReceiptsTold } from "../model/events.ts";
import type { GroupEvent } from "../model/group-events.ts";
import { isOwnRequest } from "../model/group-state.ts";
import { notifyChange } from "../model/notify-change.ts";
import type { ConversationState } from "../model/state.ts";
import { adminIds } from "../model/targets.ts";
import type { Versioned } from "../model/versioned.ts";

export function notifyGroup(
  state: ConversationState,
  event: GroupEvent | GroupRead | ReceiptsTold,
  meta: RecordMeta,
): Notification[] {
  switch (event.type) {
    case "group_read":
    case "receipts_told":
      return event.receipts.map((receipt) => receiptNotification(receipt, meta));
    case "invited":
      return event.userIds.map((userId, i) => {
        const invitationId = event.invitationIds?.[i] ?? meta.key;
        return personal(
          "group.invited",
          [userId],
          event.by,
          { ...invitation(event), invitationId, isPending: true },
          meta,
        );
      });
    case "invitation_accepted":
      return invitationHandled(state, event, "accepted", meta);
    case "invitation_declined":
      return invitationHandled(state, event, "declined", meta);
    case "join_requested": {
      const { requestId, userId, message, inviterId } = event;
      return [personal("group.join_request", adminIds(state), userId, { requestId, userId, message, inviterId }, meta)];
    }
    case "join_request_handled": {
      const { requestId, userId, by, isAccepted } = event;
      const fields = { requestId, userId, status: isAccepted ? "accepted" : "rejected" };
      const request = state.group?.requests.get(requestId);
      // A user whom a member proposed knows of no request.
      const asker = request && !isOwnRequest(request) ? [] : [userId];
      return [personal("group.join_request", [...asker, ...adminIds(state)], by, fields, meta)];
    }
    case "fanout_told":
    case "invitations_told":
    case "group_qr_code_made":
    case "end_told":
      return [];
    case "group_created": {
      const fields = { groupName: event.name, inviterId: event.ownerId, isPending: false };
      return [
        ...toAll(state, event, meta),
        ...personalIfAny("group.invited", event.userIds, event.ownerId, fields, meta),
      ];
    }
    case "members_joined": {
      const added = event.isConsented ? [] : event.userIds.filter((userId) => userId !== event.by);
      return [
        ...toAll(state, event, meta),
        ...personalIfAny("group.invited", added, event.by, { ...invitation(event), isPending: false }, meta),
      ];
    }
    case "member_left": {
      const left = toAll(state, event, meta);
      if (event.reason === "exit") return left;
      return [...left, personal("group.removed", [event.userId], event.by, {}, meta)];
    }
    default:
      return toAll(state, event, meta);
  }
}

/** To all members. */
function toAll(state: ConversationState, event: Extract<GroupEvent, Versioned>, meta: RecordMeta): Notification[] {
  return changesOf(event, meta.atMs).flatMap((change) => notifyChange(state, change, event.lastSeq, meta));
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

/** To the inviter, while a member. */
function invitationHandled(
  state: ConversationState,
  { userId, invitationId, by }: { userId: UserId; invitationId?: string; by?: UserId },
  status: "accepted" | "declined",
  meta: RecordMeta,
): Notification[] {
  if (by === undefined || invitationId === undefined || !state.group?.members.has(by)) return [];
  return [personal("group.invitation_handled", [by], userId, { invitationId, userId, status }, meta)];
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
