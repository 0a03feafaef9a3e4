// One conversation actor alone, with a directory of users, their settings and their blocks.
import type {
  ConversationCommands,
  ConversationQueries,
  MessageRef,
  SendMessage,
  SendReader,
} from "../../actors/conversation/contract.ts";
import { createConversation } from "../../actors/conversation/conversation.ts";
import type { ConversationEvent, Sent } from "../../actors/conversation/model/events.ts";
import { type ConversationRules, defaultConversationRules } from "../../actors/conversation/model/rules.ts";
import type { ConversationState } from "../../actors/conversation/model/state.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { pairId } from "../../actors/shared/ids.ts";
import type { SendOptions } from "../../actors/shared/message.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { ActorRig, type SentCommand } from "./turn.ts";

export const alice = "1001";
export const bob = "1002";
export const carol = "1003";
export const dave = "1004";
export const nobody = "9999999";

interface People {
  unknown: Set<string>;
  askFirst: Set<string>;
  consent: Set<string>;
  /** blocker → blocked */
  blocks: Map<string, string>;
  friendCounts: Map<string, number>;
  blockCounts: Map<string, number>;
  /** Files by id: their owners. */
  files: Map<string, string>;
}

export function createChatRig(
  key: string = pairId(alice, bob),
  { rules = {}, sends }: { rules?: Partial<ConversationRules>; sends?: SendReader } = {},
) {
  const people: People = {
    unknown: new Set([nobody]),
    askFirst: new Set([alice, bob, carol, dave]),
    consent: new Set(),
    blocks: new Map(),
    friendCounts: new Map(),
    blockCounts: new Map(),
    files: new Map(),
  };
  const lookups: { day: number; clientMsgId: string }[] = [];
  const reader: SendReader = sends ?? { find: async () => undefined };
  const ports = {
    rules: { ...defaultConversationRules, ...rules },
    random: systemRandom,
    sends: {
      find: (...[conversationId, day, senderId, clientMsgId]: Parameters<SendReader["find"]>) => {
        lookups.push({ day, clientMsgId });
        return reader.find(conversationId, day, senderId, clientMsgId);
      },
    },
  };
  const rig = new ActorRig(createConversation(ports), key, { ask: (asked) => answer(people, asked) });
  return { rig, people, lookups, ...speech(rig) };
}
export type ChatRig = ActorRig<ConversationState, ConversationEvent, ConversationCommands, ConversationQueries>;

function speech(chat: ChatRig) {
  let count = 0;
  return {
    says: async (senderId: string, content: unknown, more: Partial<SendMessage> & SendOptions = {}) => {
      count += 1;
      return chat.run("send", message(senderId, content, { clientMsgId: `m-${count}`, ...more }));
    },
    refOf: (seq: number): MessageRef => {
      for (const record of chat.records) {
        for (const event of record.events as Sent[]) {
          if (event.type !== "sent" || event.seq !== seq) continue;
          const { messageId, bucket, senderId, contentType } = event;
          const patch = chat.rows.findLast((row) => row.table === "message_patches" && row.seq === seq);
          const status = patch?.table === "message_patches" ? patch.status : ("normal" as const);
          const asOf = { status, asOfVersion: chat.state.version } as const;
          return { messageId, seq, bucket, senderId, contentType, atMs: record.atMs, ...asOf };
        }
      }
      throw new Error(`No message ${seq}`);
    },
  };
}

export function message(
  senderId: string,
  content: unknown,
  { replyTo, mentions, burnAfterReadMs, expireAtMs, ...more }: Partial<SendMessage> & SendOptions = {},
): SendMessage {
  const options = Object.entries({ replyTo, mentions, burnAfterReadMs, expireAtMs }).filter(([, value]) => value);
  return {
    options: Object.fromEntries(options),
    senderId,
    senderName: `name of ${senderId}`,
    senderAvatar: "",
    clientMsgId: "m",
    contentType: "text",
    content,
    ...more,
  };
}

function answer(people: People, { key, method, input }: SentCommand): unknown {
  if (method === "readers") {
    const ownerId = people.files.get(key);
    if (ownerId === undefined) throw new DomainError("file.not_found");
    return { ownerId, conversationIds: [] };
  }
  if (people.unknown.has(key)) throw new DomainError("user.not_found");
  if (method === "blocks") {
    const { userIds } = input as { userIds: string[] };
    return { userIds: userIds.filter((userId) => people.blocks.get(key) === userId) };
  }
  return {
    userId: key,
    nickname: `name of ${key}`,
    avatar: "",
    friendVerifyRequired: people.askFirst.has(key),
    groupInviteConsent: people.consent.has(key),
    friendCount: people.friendCounts.get(key) ?? 0,
    blockCount: people.blockCounts.get(key) ?? 0,
  };
}

/** A conversation of two friends. */
export async function createFriends(options: Parameters<typeof createChatRig>[1] = {}) {
  const chat = createChatRig(pairId(alice, bob), options);
  chat.people.askFirst.clear();
  await chat.rig.run("requestFriend", { from: alice, message: "hi", source: "search" });
  chat.rig.takeNotifications();
  chat.rig.takeTells();
  return chat;
}

/** A group of four users; Alice is the owner. */
export async function createGroupOf(
  memberIds: string[] = [bob, carol, dave],
  options: Parameters<typeof createChatRig>[1] & { joinVerify?: boolean } = {},
) {
  const chat = createChatRig("g_77", options);
  const { joinVerify = false } = options;
  const info = await chat.rig.run("createGroup", { ownerId: alice, name: "Hikers", avatar: "", memberIds, joinVerify });
  chat.rig.takeNotifications();
  chat.rig.takeTells();
  return { ...chat, info };
}

/** The name of the error, or "" when the call succeeds. */
export async function refusal(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
    return "";
  } catch (error) {
    if (error instanceof DomainError) return error.error;
    throw error;
  }
}
