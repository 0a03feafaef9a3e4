// Ids in REST and frames are strings of 53-bit stamps; the prefix of a conversation id says its type.

export type UserId = string;
export type ConversationId = string;
export type MessageId = string;

export type ConversationType = "single" | "group" | "system" | "assistant";

/** `s_{min}_{max}`, compared as numbers: both users of a pair see the same id. */
export function pairId(a: UserId, b: UserId): ConversationId {
  return Number(a) < Number(b) ? `s_${a}_${b}` : `s_${b}_${a}`;
}
export function groupConversationId(groupId: string): ConversationId {
  return `g_${groupId}`;
}
export function assistantConversationId(chatId: string): ConversationId {
  return `a_${chatId}`;
}

type ParsedConversationId =
  | { type: "single"; users: [UserId, UserId] }
  | { type: "group"; groupId: string }
  | { type: "system"; userId: UserId }
  | { type: "assistant"; chatId: string };

const stampPattern = "[1-9][0-9]{0,15}";
const pattern = new RegExp(
  `^(?:s_(${stampPattern})_(${stampPattern})|g_(${stampPattern})|sys_(${stampPattern})|a_(${stampPattern}))$`,
);

/** Undefined for anything that is not a well-formed id. */
export function parseConversationId(id: string): ParsedConversationId | undefined {
  const match = pattern.exec(id);
  if (!match) return undefined;
  const [, a, b, groupId, userId, chatId] = match;
  if (a !== undefined && b !== undefined) return Number(a) < Number(b) ? { type: "single", users: [a, b] } : undefined;
  if (groupId !== undefined) return { type: "group", groupId };
  if (userId !== undefined) return { type: "system", userId };
  return { type: "assistant", chatId: chatId! };
}

/** The group's own id; throws for an id of another kind of conversation. */
export function groupIdOf(id: ConversationId): string {
  const parsed = parseConversationId(id);
  if (parsed?.type !== "group") throw new TypeError(`${id} is no group`);
  return parsed.groupId;
}

/** The same for an id that is known to be a group's: it is not checked again, because every frame of a group needs this. */
export function groupIdWithin(id: ConversationId): string {
  return id.slice("g_".length);
}

/** The conversation as frames name it. */
export function addressOf(id: ConversationId): { sessionId: string; sessionType: ConversationType; groupId?: string } {
  const sessionType = conversationTypeOf(id);
  const address = { sessionId: id, sessionType };
  return sessionType === "group" ? { ...address, groupId: groupIdWithin(id) } : address;
}

export function conversationTypeOf(id: ConversationId): ConversationType {
  if (id.startsWith("s_")) return "single";
  if (id.startsWith("g_")) return "group";
  return id.startsWith("a_") ? "assistant" : "system";
}

export function isGroupId(id: ConversationId): boolean {
  return parseConversationId(id)?.type === "group";
}

export function isStampId(text: string): boolean {
  return /^[1-9][0-9]{0,15}$/.test(text) && Number(text) <= Number.MAX_SAFE_INTEGER;
}
