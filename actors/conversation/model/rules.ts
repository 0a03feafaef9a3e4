import { friendRequestMs } from "../../shared/friend-request.ts";
import { defaultQrCodeMs } from "../../shared/qr-code.ts";
import { noSensitiveWords, type SensitiveWords } from "../../shared/sensitive-words.ts";

/** Rules set by configuration. Folding never reads them: a decision stands when a rule changes later. */
export interface ConversationRules {
  /** Only friends may chat in a pair (050107). */
  requireFriend: boolean;
  /** Groups with more members travel on one subject per conversation. At most `perUserFanoutMaxMax`. */
  perUserFanoutMax: number;
  maxGroupMembers: number;
  /** A bucket of messages is closed by age or by size, whichever comes first. */
  bucketMs: number;
  bucketMessagesMax: number;
  /** How long the sender may recall a message, and how long a group's owner and admins may. */
  recallMs: number;
  adminRecallMs: number;
  editMs: number;
  maxFriends: number;
  maxBlocked: number;
  friendRequestMs: number;
  /** How long the QR code of a group is good. */
  qrCodeMs: number;
  /** An invitation into a group that nobody answered for so long has expired. */
  groupInvitationMs: number;
  /** Refused anywhere in a text: message.sensitive, group.name_sensitive, group.announcement_sensitive. */
  sensitiveWords: SensitiveWords;
}

/** One turn, whose record is kept below 64 KiB, sends the new fan-out to the lists of so many members. */
export const perUserFanoutMaxMax = 300;

const minuteMs = 60_000;
const dayMs = 86_400_000;

export const defaultConversationRules: ConversationRules = {
  requireFriend: true,
  perUserFanoutMax: 32,
  maxGroupMembers: 2_000,
  bucketMs: 10 * dayMs,
  bucketMessagesMax: 10_000,
  recallMs: 2 * minuteMs,
  adminRecallMs: dayMs,
  editMs: 15 * minuteMs,
  maxFriends: 5_000,
  maxBlocked: 1_000,
  friendRequestMs,
  qrCodeMs: defaultQrCodeMs,
  groupInvitationMs: 7 * dayMs,
  sensitiveWords: noSensitiveWords,
};
