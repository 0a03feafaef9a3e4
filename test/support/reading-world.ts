// Users, conversations and views for tests of the read side: real user and session actors, scripted conversations, and rows
// of as many records as the test has projected.

import { searchableText } from "../../actors/conversation/chat/content.ts";
import type { StoredMessage } from "../../actors/conversation/contract.ts";
import type { Reading } from "../../actors/reading/contract.ts";
import { defaultReadingLimits, type ReadingLimits } from "../../actors/reading/limits.ts";
import type { BucketReader, ChangeReader, MessageReader } from "../../actors/reading/ports.ts";
import { createReading } from "../../actors/reading/reading.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Head } from "../../actors/runtime/head.ts";
import type { Clock, Heads } from "../../actors/runtime/ports.ts";
import { createSession } from "../../actors/session/session.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { type ConversationId, pairId, type UserId } from "../../actors/shared/ids.ts";
import { searchTerms } from "../../actors/shared/tokenize.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { LoneActor } from "./lone-actor.ts";
import { ScriptedConversation } from "./scripted-conversation.ts";
import { user as userBehaviour } from "./user-behaviour.ts";

/** The users of most tests. */
export const [alice, bob, carol] = ["1001", "1002", "1003"];

const sessionBehaviour = createSession();

function loneUser(userId: UserId, nowMs: number) {
  const actor = new LoneActor(userBehaviour, userId, nowMs);
  actor.isChecked = false;
  actor.run("create", { nickname: `nick ${userId}`, phone: "", email: "", account: "", atMs: nowMs });
  return actor;
}
function loneSession(userId: UserId, nowMs: number) {
  const actor = new LoneActor(sessionBehaviour, userId, nowMs);
  actor.isChecked = false;
  actor.run("create", { passwordHash: "", atMs: nowMs });
  return actor;
}

export class ReadingWorld {
  nowMs = Date.UTC(2026, 0, 1);
  readonly storeId = "store-1";
  readonly users = new Map<UserId, ReturnType<typeof loneUser>>();
  readonly sessions = new Map<UserId, ReturnType<typeof loneSession>>();
  readonly conversations = new Map<ConversationId, ScriptedConversation>();
  /** Conversations whose head is not in the store of heads, so that the conversation is asked. */
  readonly forgottenHeads = new Set<ConversationId>();
  readonly names = new Map<UserId, string>();
  /** Runs between a turn and its read of rows, for changes in between. */
  beforeRead: () => void = () => {};
  reads = 0;
  readonly reading: Reading;

  constructor(limits: Partial<ReadingLimits> = {}) {
    this.reading = createReading({
      actors: this.#actors(),
      messages: this.#messages(),
      buckets: this.#buckets(),
      changes: this.#changes(),
      directory: {
        findMany: async (ids) =>
          new Map(
            ids.flatMap((id) => (this.names.has(id) ? [[id, { nickname: this.names.get(id)!, avatar: "" }]] : [])),
          ),
      },
      heads: this.#heads(),
      clock: { nowMs: () => this.nowMs, after: systemClock.after } as Clock,
      storeId: this.storeId,
      limits: { ...defaultReadingLimits, ...limits },
    });
  }

  addUser(userId: UserId): void {
    this.users.set(userId, loneUser(userId, this.nowMs));
    this.sessions.set(userId, loneSession(userId, this.nowMs));
  }

  /** The user's actor, with its clock set to the world's time. */
  user(userId: UserId) {
    const actor = this.users.get(userId)!;
    actor.nowMs = this.nowMs;
    return actor;
  }

  addPair(a: UserId, b: UserId, messagesPerBucket?: number): ScriptedConversation {
    const conversation = new ScriptedConversation(pairId(a, b), [a, b], messagesPerBucket);
    return this.#add(conversation, [a, b]);
  }

  addGroup(groupId: string, members: readonly UserId[], messagesPerBucket?: number): ScriptedConversation {
    return this.#add(new ScriptedConversation(`g_${groupId}`, members, messagesPerBucket), members);
  }

  #add(conversation: ScriptedConversation, members: readonly UserId[]): ScriptedConversation {
    this.conversations.set(conversation.id, conversation);
    for (const userId of members) this.tellJoined(conversation, userId);
    return conversation;
  }

  tellJoined({ id, isGroup }: ScriptedConversation, userId: UserId): void {
    const conversationType = isGroup ? "group" : "single";
    this.user(userId).run("conversationJoined", {
      ...{ conversationId: id, conversationType, fanout: "users", atMs: this.nowMs },
    });
  }

  tellLeft({ id }: ScriptedConversation, userId: UserId): void {
    this.user(userId).run("conversationLeft", { conversationId: id, reason: "exit", atMs: this.nowMs });
  }

  #actors(): Actors {
    const conversation = (id: ConversationId) => {
      const find = () => {
        const found = this.conversations.get(id);
        if (!found) throw new DomainError("session.not_found");
        return found;
      };
      return {
        window: ({ userId }: { userId: UserId }) => find().window(userId, this.nowMs),
        summary: ({ userId }: { userId: UserId }) => find().summary(userId, this.nowMs),
      };
    };
    const lone = (actor: { run: unknown; ask: unknown; key: string }, commands: readonly string[]) =>
      new Proxy({} as Record<string, (input: unknown) => unknown>, {
        get: (_, method: string) => (input: unknown) => {
          const call = (commands.includes(method) ? actor.run : actor.ask) as (name: string, input: unknown) => unknown;
          return call.call(actor, method, input);
        },
      });
    const target = (kind: string, key: string): Record<string, (input: never) => unknown> => {
      if (kind === "conversation") return conversation(key);
      return kind === "user" ? lone(this.user(key), []) : lone(this.sessions.get(key)!, ["issueCursor", "progress"]);
    };
    return {
      get: ({ kind }: { kind: string }, key: string) =>
        new Proxy(
          {},
          {
            get: (_, method: string) => async (input: never) => target(kind, key)[method]!(input),
          },
        ),
    } as Actors;
  }

  #heads(): Heads {
    return {
      put: async () => {},
      getMany: async (ids) => {
        const known = ids.filter((id) => this.conversations.has(id) && !this.forgottenHeads.has(id));
        return new Map(known.map((id): [string, Head] => [id, this.conversations.get(id)!.head]));
      },
    };
  }

  #rows(conversationId: ConversationId, bucket: number): StoredMessage[] {
    this.reads += 1;
    const rows = [...this.conversations.get(conversationId)!.rows.values()];
    return rows.filter((row) => row.bucket === bucket).sort((a, b) => a.seq - b.seq);
  }

  #messages(): MessageReader {
    return {
      page: async (conversationId, bucket, { fromSeq, toSeq, order }, maxMessages) => {
        this.beforeRead();
        const found = this.#rows(conversationId, bucket).filter(({ seq }) => seq >= fromSeq && seq <= toSeq);
        if (order === "descending") found.reverse();
        return found.slice(0, maxMessages);
      },
      find: async (conversationId, bucket, messageId) => {
        this.beforeRead();
        return this.#rows(conversationId, bucket).find((row) => row.messageId === messageId);
      },
      edits: async () => [],
      search: async (conversationId, bucket, query, maxMessages) => {
        this.beforeRead();
        const found = this.#rows(conversationId, bucket).filter((row) => {
          const words = row.content === null ? "" : searchTerms(searchableText(row.contentType, row.content));
          if (row.seq >= query.beforeSeq || row.seq < query.fromSeq) return false;
          if (query.senderId && row.senderId !== query.senderId) return false;
          return query.terms.every((term) => words.includes(` ${term} `));
        });
        return found.reverse().slice(0, maxMessages);
      },
    };
  }

  #buckets(): BucketReader {
    return { list: async (conversationId) => [...this.conversations.get(conversationId)!.bucketRows] };
  }

  #changes(): ChangeReader {
    return {
      range: async (conversationId, afterVersion, upToVersion, maxChanges) => {
        this.beforeRead();
        const { changeRows } = this.conversations.get(conversationId)!;
        return changeRows
          .filter(({ version }) => version > afterVersion && version <= upToVersion)
          .slice(0, maxChanges);
      },
    };
  }
}

/** A world of Alice, Bob and Carol. */
export function startWorld(limits = {}): ReadingWorld {
  const world = new ReadingWorld(limits);
  for (const userId of [alice, bob, carol]) world.addUser(userId);
  return world;
}

/** `count` messages, ten milliseconds apart. */
export function say(
  world: ReadingWorld,
  chat: ScriptedConversation,
  by: string,
  count: number,
  words = "message",
): void {
  for (let i = 0; i < count; i += 1) {
    world.nowMs += 10;
    chat.send(by, `${words} ${chat.seq + 1}`, world.nowMs);
  }
}
