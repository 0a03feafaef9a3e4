import { friendRequestMs } from "../../shared/friend-request.ts";

/** What configuration decides. Folding never reads it: what was decided under one rule stays under the next. */
export interface ConversationRules {
  /** 1:1 needs friendship (050107). */
  requireFriend: boolean;
  /** Groups with more members travel on one subject per conversation. At most `perUserFanoutMaxMax`. */
  perUserFanoutMax: number;
  maxGroupMembers: number;
  /** A bucket of messages is closed at whichever comes first. */
  bucketMs: number;
  bucketMessagesMax: number;
  /** The sender may take back a message for so long, a group's owner and admins longer. */
  recallMs: number;
  adminRecallMs: number;
  editMs: number;
  maxFriends: number;
  maxBlocked: number;
  friendRequestMs: number;
  /** Found anywhere in a text, without case: message.sensitive, group.name_sensitive, group.announcement_sensitive. */
  sensitiveWords: readonly string[];
}

/** One turn tells so many lists that a group outgrew per-user subjects: 64 KiB. */
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
  sensitiveWords: [],
};

export function hasSensitiveWord(rules: ConversationRules, text: string): boolean {
  if (rules.sensitiveWords.length === 0) return false;
  const lower = text.toLowerCase();
  return rules.sensitiveWords.some((word) => lower.includes(word.toLowerCase()));
}
