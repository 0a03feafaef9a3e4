// What happens in a world of readers, at random: in conversations, in lists, and to profiles. Copies of a decision reach the
// users' lists later, and the directory's rows later still, as in the real system.

import { alice, bob, carol, type ReadingWorld } from "./reading-world.ts";
import type { ScriptedConversation } from "./scripted-conversation.ts";
import type { SeededRandom } from "./seeded-random.ts";

const dayMs = 86_400_000;

export class RandomLife {
  readonly world: ReadingWorld;
  readonly random: SeededRandom;
  readonly chats: readonly ScriptedConversation[];
  readonly #copies: (() => void)[] = [];
  readonly #rows: (() => void)[] = [];
  #requests = 0;

  constructor(world: ReadingWorld, random: SeededRandom, chats: readonly ScriptedConversation[]) {
    this.world = world;
    this.random = random;
    this.chats = chats;
    for (const userId of [alice, bob, carol]) world.names.set(userId, `nick ${userId}`);
  }

  step(): void {
    const { world, random } = this;
    world.nowMs += random.below(2_000);
    if (random.below(200) === 0) world.nowMs += random.pick([1, 8, 40]) * dayMs;
    if (random.below(6) === 0) this.#happenToLists();
    else this.#happenIn(random.pick(this.chats));
    if (random.below(3) === 0) this.#deliver(random.below(3));
    for (const userId of [alice, bob, carol]) this.#wake(userId);
  }

  /** All copies and rows have arrived. */
  settle(): void {
    this.world.nowMs += 60_000;
    for (const userId of [alice, bob, carol]) this.#wake(userId);
    this.#deliver(Number.POSITIVE_INFINITY);
    for (const put of this.#rows.splice(0)) put();
  }

  #deliver(count: number): void {
    for (const copy of this.#copies.splice(0, count)) copy();
    if (this.random.below(10) === 0) for (const put of this.#rows.splice(0, 1)) put();
  }

  #wake(userId: string): void {
    const actor = this.world.user(userId);
    while (actor.wake()) {
      for (const { key, method, input } of actor.told) {
        this.#copies.push(() => this.world.user(key).run(method as never, input as never));
      }
    }
  }

  #happenIn(chat: ScriptedConversation): void {
    const { world, random } = this;
    const { nowMs } = world;
    if (chat.isDisbanded || chat.members.size === 0) return;
    const by = random.pick([...chat.members.keys()]);
    const seq = 1 + random.below(Math.max(1, chat.seq));
    const roll = random.below(100);
    const isListed = world.user(by).state.lists.conversation.has(chat.id);
    if (chat.seq === 0 || roll < 50) this.#send(chat, by, `text ${roll}`);
    else if (roll < 68 && chat.gone.has(seq)) return;
    else if (roll < 57) chat.edit(seq, `edited ${roll}`, by, nowMs);
    else if (roll < 64) chat.recall(seq, by, nowMs);
    else if (roll < 68) {
      const seqs = new Set([seq, 1 + random.below(chat.seq)]);
      const alive = [...seqs].filter((each) => !chat.gone.has(each));
      chat.expire(alive, nowMs);
    } else if (roll < 78) {
      chat.read(by, seq, nowMs);
      world.user(by).run("markRead", { conversationId: chat.id, seq, countSeq: seq });
    } else if (roll < 84) {
      const messages = [{ ...chat.find(seq), seq }];
      if (isListed) world.user(by).run("deleteMessages", { conversationId: chat.id, messages });
    } else if (roll < 86) {
      if (isListed) world.user(by).run("clear", { conversationId: chat.id, seq });
    } else if (roll < 89) {
      if (isListed) world.user(by).run("pin", { conversationId: chat.id, isPinned: roll === 88 });
    } else if (roll < 91) {
      if (isListed) world.user(by).run("hide", { conversationId: chat.id, seq: chat.seq });
    } else if (!chat.isGroup) return;
    else if (roll < 94) chat.changeRole(by, random.pick(["admin", "member"]), alice, nowMs);
    else if (random.below(40) === 0) this.#dissolve(chat);
    else this.#comeOrGo(chat);
  }

  #send(chat: ScriptedConversation, by: string, text: string): void {
    const { world, random } = this;
    const expireAtMs = random.below(8) === 0 ? world.nowMs + random.below(20_000) : undefined;
    const toAll = chat.isGroup && random.below(10) === 0;
    const options = { ...(expireAtMs && { expireAtMs }), ...this.#reply(chat), ...(toAll && { mentions: ["all"] }) };
    const { messageId, seq } = chat.send(by, text, world.nowMs, options);
    const mention = { conversationId: chat.id, messageId, seq, by, atMs: world.nowMs };
    if (by !== bob && chat.isGroup && chat.members.has(bob) && random.below(4) === 0)
      this.#copies.push(() => world.user(bob).run("mentioned", mention));
  }

  /** A quarter of the messages answer an earlier one, some as older releases stored it. */
  #reply(chat: ScriptedConversation): { replyTo?: string; replySeq?: number } {
    const { random } = this;
    if (chat.seq === 0 || random.below(4) > 0) return {};
    const replySeq = 1 + random.below(chat.seq);
    const { messageId: replyTo } = chat.find(replySeq);
    return random.below(4) === 0 ? { replyTo } : { replyTo, replySeq };
  }

  #comeOrGo(group: ScriptedConversation): void {
    const { world, random } = this;
    const userId = random.pick([bob, carol]);
    if (group.members.has(userId)) {
      group.leave(userId, world.nowMs);
      this.#copies.push(() => world.tellLeft(group, userId));
    } else {
      group.join(userId, alice, random.below(2) === 0, world.nowMs);
      this.#copies.push(() => world.tellJoined(group, userId));
    }
  }

  #dissolve(group: ScriptedConversation): void {
    group.disband(alice, this.world.nowMs);
    for (const userId of group.members.keys()) this.#copies.push(() => this.world.tellLeft(group, userId));
  }

  #happenToLists(): void {
    const { world, random } = this;
    const { nowMs } = world;
    const me = world.user(bob);
    const other = random.pick([alice, carol]);
    const flag = random.below(2) === 0;
    const roll = random.below(8);
    if (roll < 2) this.#rename(other);
    else if (roll === 2) this.#befriend(other, flag);
    else if (roll === 3) me.run("blockChanged", { userId: other, isBlocked: flag, atMs: nowMs });
    else if (roll === 4) {
      const facts = { groupName: `group ${nowMs}`, by: other, isPending: flag, atMs: nowMs };
      me.run("invitationChanged", { conversationId: `g_${80 + random.below(3)}`, ...facts });
    } else if (roll === 5) {
      if (me.state.lists.friend.has(other)) me.run("setRemark", { userId: other, remark: `remark ${random.below(9)}` });
    } else if (roll === 6) me.run("updateSettings", { patch: { soundEnabled: flag } });
    else {
      if (flag) this.#requests += 1;
      const status = flag ? "pending" : random.pick<"accepted" | "rejected">(["accepted", "rejected"]);
      const facts = { userId: other, direction: "received", message: "", source: "", status, atMs: nowMs } as const;
      me.run("requestChanged", { requestId: `r${this.#requests}`, ...facts });
    }
  }

  #rename(userId: string): void {
    const { world, random } = this;
    const nickname = `name ${random.below(1_000)}`;
    world.user(userId).run("updateProfile", { patch: { nickname } });
    this.#rows.push(() => world.names.set(userId, nickname));
  }

  /** Who becomes a friend has no change of the profile under way. */
  #befriend(userId: string, isFriend: boolean): void {
    const { world } = this;
    if (isFriend) for (const put of this.#rows.splice(0)) put();
    const atMs = world.nowMs;
    world.user(bob).run("friendChanged", { userId, isFriend, atMs });
    world.user(userId).run("friendChanged", { userId: bob, isFriend, atMs });
  }
}
