// A device: it repeats sends until they are acknowledged, reads, marks, recalls and syncs, and goes to another gateway when its own is
// silent. It is not made of gateway/client: it calls the actors of a host as their gateway would, because the simulation runs no REST
// and no frames of commands. Its model of a replica is independent of the client's, so that a mistake in one does not hide in both.

import type { SendReceipt } from "../../actors/conversation/contract.ts";
import { Conversation } from "../../actors/conversation/contract.ts";
import type { SyncResult } from "../../actors/reading/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { User } from "../../actors/user/contract.ts";
import { DeviceModel } from "../support/device-model.ts";
import { type Character, group, hostNames, userIds, users } from "./cast.ts";
import type { Checker, SentMessage, Sighting } from "./checker.ts";
import type { Cluster, SimulatedHost } from "./cluster.ts";
import type { Prng } from "./prng.ts";

const answerMs = 1_500;
/** After so long the device repeats a send on the same socket. */
const resendMs = 300;
/** The lifetimes of messages that expire. */
const lifeMs = 2_500;
const pauseMs = { min: 20, max: 350 };
const page = { maxMessages: 500, maxBytes: 1_000_000 };

/** A send that may still wait for its answer. */
interface InFlight {
  readonly clientMsgId: string;
  isOver: boolean;
}

export class Device {
  readonly name: string;
  readonly userId: string;
  readonly conversations: readonly string[];
  readonly isReader: boolean;
  model: DeviceModel;
  gateway: string;
  /** Sends that have no answer yet. */
  pending = 0;
  readonly #cluster: Cluster;
  readonly #checker: Checker;
  readonly #random: Prng;
  #sends = 0;
  #syncs = 0;
  #own: { conversationId: string; messageId: string }[] = [];

  constructor(made: Character, cluster: Cluster, checker: Checker) {
    this.name = made.name;
    this.userId = made.userId;
    this.conversations = made.conversations;
    this.isReader = made.isReader ?? false;
    this.model = new DeviceModel(made.userId);
    this.#cluster = cluster;
    this.#checker = checker;
    this.#random = cluster.world.random.fork();
    this.gateway = this.#random.pick(hostNames);
  }

  /** Acts until `isOver`, then waits until its last send is answered. */
  async live(sendShare: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#cluster.world.sleep(this.#random.between(pauseMs.min, pauseMs.max));
      const conversationId = this.#random.pick(this.conversations);
      const draw = this.#random.unit();
      if (this.isReader) await this.#try(() => this.#look(conversationId));
      else if (this.#random.chance(sendShare)) await this.#say(conversationId);
      else await this.#try(() => this.#act(draw, conversationId));
    }
  }

  #act(draw: number, conversationId: string): Promise<void> {
    if (draw < 0.4) return this.#look(conversationId);
    if (draw < 0.6) return this.#pull(conversationId);
    if (draw < 0.75) return this.sync();
    if (draw < 0.85) return this.#markRead(conversationId);
    if (draw < 0.9) return this.#change("recall");
    if (draw < 0.94) return this.#change("edit");
    if (draw < 0.97 && conversationId === group) return this.#churn();
    this.gateway = this.#random.pick(hostNames);
    return Promise.resolve();
  }

  /** Sometimes the next send leaves before the first is answered, as on a socket. */
  async #say(conversationId: string): Promise<void> {
    if (!this.#random.chance(0.25)) return this.send(conversationId);
    const first = { clientMsgId: this.#nextId(), isOver: false };
    await Promise.all([this.send(conversationId, first), this.send(conversationId, undefined, first)]);
  }

  #nextId(): string {
    this.#sends += 1;
    return `${this.name}-${this.#sends}`;
  }

  /** Sends a message and repeats it with the same key, at any gateway. Resolves when the send is acked. */
  async send(conversationId: string, mine?: InFlight, before?: InFlight): Promise<void> {
    const sending = mine ?? { clientMsgId: this.#nextId(), isOver: false };
    const { clientMsgId } = sending;
    const text = `${clientMsgId} says ${this.#random.below(1_000)}`;
    const message: SentMessage = { conversationId, senderId: this.userId, clientMsgId, text };
    const mentions = this.#random.chance(0.2) ? userIds.filter((id) => id !== this.userId) : undefined;
    const expireAtMs = this.#random.chance(0.1) ? Math.floor(this.#cluster.world.nowMs + lifeMs) : undefined;
    const input = {
      ...{ senderId: this.userId, clientMsgId, senderName: this.name, senderAvatar: "", deviceId: this.name },
      ...{ contentType: "text", content: { text }, mentions, expireAtMs },
    };
    this.#checker.sent(message);
    this.pending += 1;
    const begun = this.#checker.begin(conversationId);
    const attempt = async () => {
      const afterClientMsgId = before?.isOver === false ? before.clientMsgId : undefined;
      try {
        const receipt = await this.#ask<SendReceipt>(({ actors, machine }) =>
          actors
            .get(Conversation, conversationId)
            .send({ ...input, afterClientMsgId }, { deadlineMs: machine.clock.nowMs() + 4_000 }),
        );
        this.#checker.acked(message, receipt);
        // A retry whose key is found in the row only is answered without the version.
        if (receipt.version > 0) {
          this.#checker.shown(this.name, conversationId, receipt.version, sending.isOver ? { floor: 0 } : begun);
        }
        sending.isOver = true;
        this.#own.push({ conversationId, messageId: receipt.messageId });
      } catch (error) {
        if (!(error instanceof DomainError) || error.error === "message.out_of_order") return;
        // A host whose clock is ahead may find the message expired already; a member may have been removed just now.
        const isDue = expireAtMs !== undefined || error.error === "group.not_member";
        this.#checker.refused(message, error, isDue);
        sending.isOver = true;
      }
    };
    while (!sending.isOver) {
      const first = attempt();
      await Promise.race([first, this.#cluster.world.sleep(resendMs)]);
      if (sending.isOver) break;
      if (this.#random.chance(0.5)) void attempt();
      await Promise.race([first, this.#cluster.world.sleep(answerMs)]);
      if (!sending.isOver) await this.#reconnect();
    }
    this.pending -= 1;
  }

  /** Takes a frame that the gateway wrote. */
  deliver({ frame, data, versioned, exceptDeviceId }: FramedNotification): void {
    if (!versioned || exceptDeviceId === this.name) return;
    if (frame === "NEW_MESSAGE") this.#checker.saw(this.name, versioned.conversationId, data as unknown as Sighting);
    const held = this.model.conversations.get(versioned.conversationId)?.version ?? 0;
    if (versioned.version > held && this.#random.chance(0.15))
      void this.#try(() => this.#pull(versioned.conversationId));
  }

  /** Syncs page by page, by cursor, until nothing is missing. */
  async sync(): Promise<void> {
    for (let hasMore = true; hasMore; ) {
      const from = { cursor: this.model.cursor };
      const input = { userId: this.userId, deviceId: this.name, from, ...page };
      const result = await this.#ask(({ reading }) => reading.sync(input));
      this.#checker.synced(this.name, result);
      this.#syncs += 1;
      this.model.apply(result);
      this.#dropLeft(result);
      hasMore = result.hasMore;
    }
    this.#noteHeld();
  }

  /** Conversations that came by frames since the cursor are not in its vector: the tombstone of the list entry removes them. */
  #dropLeft({ changes }: SyncResult): void {
    for (const change of changes) {
      if (change.type !== "user") continue;
      for (const { type, id, deleted } of change.items) {
        if (type === "conversation" && deleted) this.model.conversations.delete(id);
      }
    }
  }

  /** The state of a new device of the same user. */
  async fresh(): Promise<DeviceModel> {
    const model = new DeviceModel(this.userId);
    const from = { vector: { userVersion: 0, conversations: {} } };
    const input = { userId: this.userId, deviceId: "", ...page };
    for (let hasMore = true; hasMore; from.vector = model.vector()) {
      const result = await this.#ask(({ reading }) => reading.sync({ ...input, from }));
      model.apply(result);
      hasMore = result.hasMore;
    }
    return model;
  }

  async #look(conversationId: string): Promise<void> {
    const begun = this.#checker.begin(conversationId);
    const { head } = await this.#ask(({ actors }) =>
      actors.get(Conversation, conversationId).window({ userId: this.userId }),
    );
    this.#cluster.world.trace(
      this.name,
      () => `looks at ${conversationId} by ${this.gateway}: version ${head.version}`,
    );
    this.#checker.shown(this.name, conversationId, head.version, begun);
    const { last } = head;
    if (last) this.#checker.saw(this.name, conversationId, { ...last, clientMsgId: "" });
  }

  async #pull(conversationId: string): Promise<void> {
    const begun = this.#checker.begin(conversationId);
    const fromVersion = this.model.conversations.get(conversationId)?.version ?? 0;
    const syncs = this.#syncs;
    const input = { userId: this.userId, conversationId, fromVersion, maxMessages: page.maxMessages };
    const difference = await this.#ask(({ reading }) => reading.difference(input));
    this.#checker.shown(this.name, conversationId, difference.version, begun);
    // Another answer may have come first; and a pair without messages is in no list.
    const heldVersion = this.model.conversations.get(conversationId)?.version ?? 0;
    const isFirst = heldVersion === fromVersion && this.#syncs === syncs;
    if (isFirst && difference.version > 0) this.model.applyChange(difference);
    this.#noteHeld();
  }

  /** Repeated until it succeeds: the gateway marks in two steps, and if it dies between them the client has to repeat. */
  async #markRead(conversationId: string): Promise<void> {
    const seq = this.model.conversations.get(conversationId)?.seq ?? 0;
    const { userId } = this;
    const mark = () =>
      this.#ask(async ({ actors }) => {
        const marked = await actors.get(Conversation, conversationId).markRead({ userId, seq });
        return actors.get(User, userId).markRead({ conversationId, ...marked });
      });
    for (let isMarked = false; !isMarked; ) {
      await this.#try(async () => {
        await mark().catch((error: unknown) => {
          // The user is no member any more.
          if (!(error instanceof DomainError)) throw error;
        });
        isMarked = true;
      });
    }
  }

  async #change(how: "recall" | "edit"): Promise<void> {
    const message = this.#own.at(-1);
    if (!message) return;
    const by = this.userId;
    const content = { text: `edited by ${this.name}` };
    await this.#ask(async ({ reading, actors }) => {
      const { ref } = await reading.findMessage({ userId: by, ...message });
      const conversation = actors.get(Conversation, message.conversationId);
      return how === "recall"
        ? conversation.recall({ by, message: ref })
        : conversation.edit({ by, message: ref, content });
    });
  }

  /** The owner removes a member, or adds them again. */
  async #churn(): Promise<void> {
    if (this.userId !== users.ann) return;
    const isOut = this.#random.chance(0.5);
    await this.#ask(({ actors }) => {
      const conversation = actors.get(Conversation, group);
      return isOut
        ? conversation.removeMember({ by: users.ann, userId: users.cyd })
        : conversation.invite({ by: users.ann, userIds: [users.cyd] });
    });
  }

  #noteHeld(): void {
    for (const [id, { messages }] of this.model.conversations) {
      for (const message of messages.values()) this.#checker.saw(this.name, id, message);
    }
  }

  /** A failed action is not repeated, and the next one goes to another gateway; only sends are repeated. */
  async #try(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch {
      await this.#reconnect();
    }
  }

  async #reconnect(): Promise<void> {
    await this.#cluster.world.sleep(this.#random.between(10, 100));
    this.gateway = this.#random.pick(hostNames);
  }

  /** A frame to the gateway and one back. A gateway without the lease reads and writes no frame (J5). */
  #ask<T>(run: (host: SimulatedHost) => Promise<T>): Promise<T> {
    const { world, network } = this.#cluster;
    const place = this.gateway;
    return new Promise((resolve, reject) => {
      world.after(answerMs, () => reject(new Error(`${place} is silent`)));
      network.send(this.name, place, () => {
        const host = this.#cluster.find(place);
        host?.machine.enter(() => {
          if (!host.lease.isHeld()) return;
          const back = (deliver: () => void) => {
            if (host.lease.isHeld()) network.send(place, this.name, deliver);
          };
          run(host).then(
            (value) => {
              const text = JSON.stringify(value);
              back(() => resolve(JSON.parse(text) as T));
            },
            (error: unknown) => back(() => reject(error)),
          );
        });
      });
    });
  }
}
