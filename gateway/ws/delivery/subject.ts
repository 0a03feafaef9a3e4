// A conversation whose events travel on one subject for all its members (fan-out "conversation"). Events are held until
// the subscription is in force and the conversation has said who is a member: membership is never taken from a user's copy
// of the list. Events between subscribing and reading are pulled, and pulled again after a second.
import { Conversation } from "../../../actors/conversation/contract.ts";
import type { Actors } from "../../../actors/runtime/actors.ts";
import type { Clock } from "../../../actors/runtime/ports.ts";
import type { ConversationId } from "../../../actors/shared/ids.ts";
import type { Log, NotificationSource } from "../../ports.ts";
import type { Channel } from "./channel.ts";
import type { Listener } from "./listener.ts";
import type { Subject } from "./listeners.ts";
import { isGone } from "./pull.ts";

interface SubjectDeps {
  readonly actors: Actors;
  readonly notifications: Pick<NotificationSource, "addConversation" | "removeConversation">;
  readonly clock: Pick<Clock, "after">;
  readonly log: Pick<Log, "warn">;
  pullForAll(channel: Channel): void;
  findChannel(conversationId: ConversationId): Channel | undefined;
}

const secondPullMs = 1_000;
const retryMs = 500;
/** Listeners asked about in one call: a query's input stays small. */
const maxUsersPerAsk = 500;
const none: ReadonlySet<Listener> = new Set();

/** Who may listen to one conversation: asked, and not answered yet. */
class Membership implements Subject {
  isAttached = false;
  isRunning = false;
  /** Listeners that no question covers yet. */
  readonly waiting = new Set<Listener>();
  /** Listeners of the question under way. */
  asked: ReadonlySet<Listener> = none;

  isAsking(listener: Listener): boolean {
    return this.waiting.has(listener) || this.asked.has(listener);
  }
}

export class Subjects {
  #deps: SubjectDeps;

  constructor(deps: SubjectDeps) {
    this.#deps = deps;
  }

  /**
   * Asks the conversation about the listener; the first one moves the channel to the conversation's own subject. A live
   * listener stays live meanwhile; another one waits for the answer.
   */
  attach(channel: Channel, listener: Listener): void {
    const membership = this.#of(channel);
    membership.waiting.add(listener);
    if (!membership.isRunning) void this.#ask(channel, membership);
  }

  /** The last listener is gone. */
  leave({ conversationId, subject }: Channel): void {
    if (!subject?.isAttached) return;
    subject.isAttached = false;
    this.#deps.notifications.removeConversation(conversationId);
  }

  #of(channel: Channel): Membership {
    if (channel.subject instanceof Membership) return channel.subject;
    const membership = new Membership();
    channel.subject = membership;
    return membership;
  }

  async #ask(channel: Channel, membership: Membership): Promise<void> {
    const { actors, notifications, log, clock } = this.#deps;
    const { conversationId } = channel;
    membership.isRunning = true;
    try {
      if (!membership.isAttached) await notifications.addConversation(conversationId);
      // One question for all connections of this tick.
      await Promise.resolve();
      if (channel.listeners.size === 0) {
        this.#abandon(channel, membership);
        return;
      }
      // After a refusal sockets may have closed before the question is asked again.
      for (const listener of membership.waiting) {
        if (!channel.listeners.has(listener)) membership.waiting.delete(listener);
      }
      membership.asked = new Set([...membership.waiting].slice(0, maxUsersPerAsk));
      for (const listener of membership.asked) membership.waiting.delete(listener);
      const userIds = [...new Set([...membership.asked].map(({ connection }) => connection.userId))];
      const answer = await actors.get(Conversation, conversationId).attach({ userIds });
      const members = new Map(answer.members.map(({ userId, visibleFromSeq }) => [userId, visibleFromSeq]));
      const { asked } = membership;
      membership.asked = none;
      for (const listener of asked) admit(channel, listener, members);
      if (channel.listeners.size === 0) {
        this.#abandon(channel, membership);
        return;
      }
      if (!membership.isAttached) this.#begin(channel, membership, answer);
      channel.listeners.settleAll();
      channel.drainHeld();
      channel.heal();
    } catch (thrown) {
      const { asked } = membership;
      membership.asked = none;
      if (isGone(thrown)) for (const listener of asked) channel.listeners.drop(listener);
      else {
        log.warn("delivery: membership not known", { conversationId, cause: String(thrown) });
        for (const listener of asked) membership.waiting.add(listener);
        clock.after(retryMs, () => this.#askAgain(channel, membership));
        return;
      }
    }
    this.#askAgain(channel, membership);
  }

  #askAgain(channel: Channel, membership: Membership): void {
    membership.isRunning = false;
    if (channel.listeners.size === 0) this.#abandon(channel, membership);
    else if (membership.waiting.size > 0) void this.#ask(channel, membership);
  }

  /** Live listeners go on from where they are; without any, delivery begins at the version of the answer. */
  #begin(channel: Channel, membership: Membership, answer: { version: number; seq: number }): void {
    membership.isAttached = true;
    const hasLive = [...channel.listeners].some(({ isLive }) => isLive);
    if (hasLive) this.#deps.pullForAll(channel);
    else {
      channel.moveTo(answer.version, answer.seq);
      channel.ring.restart(channel.version);
    }
    this.#deps.clock.after(secondPullMs, () => {
      if (channel.listeners.size > 0 && channel.pull !== "running") this.#deps.pullForAll(channel);
    });
  }

  /** Every listener left before the subscription was in force: unless one came back, the subscription is not needed. */
  #abandon({ conversationId }: Channel, membership: Membership): void {
    membership.isRunning = false;
    if (this.#deps.findChannel(conversationId)?.subject !== undefined) return;
    if (!membership.isAttached) this.#deps.notifications.removeConversation(conversationId);
  }
}

function admit(channel: Channel, listener: Listener, members: ReadonlyMap<string, number>): void {
  if (!channel.listeners.has(listener)) return; // it left meanwhile
  const visibleFromSeq = members.get(listener.connection.userId);
  if (visibleFromSeq === undefined) channel.listeners.drop(listener);
  else listener.visibleFromSeq = visibleFromSeq;
}
