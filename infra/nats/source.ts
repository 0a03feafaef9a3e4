// The notification bus over NATS, on the side of a gateway: one subscription per user who is connected here, and one per
// conversation that this gateway listens to.
//
// Notifications are delivered in the order of their arrival, which keeps each publisher's order. No message, and no handler
// that throws, breaks the connection.
// source/gather: the messages of one read of the network are delivered together. A notification for several users of this
//     gateway is delivered once, so that the gateway encodes one frame. (It is delivered twice when two reads contain parts
//     of it.)
// Whenever a notification may have been missed, the gap alarm is raised: after a reconnect, as soon as the subscriptions are
// in force at the server again; after the server or the client dropped messages; for a malformed payload; and when a
// publisher reports a loss.

import type { Msg, Subscription } from "nats";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import type { NotificationSource } from "../../gateway/ports.ts";
import { createThrottledLog, type ThrottledLog } from "../observe/throttled-log.ts";
import type { NatsConnection } from "./connection.ts";
import { FlushGate } from "./flush-gate.ts";
import { GapAlarm } from "./gap-alarm.ts";
import { decodeNotification, gapSubject, idOf, type UntargetedNotification } from "./notification-codec.ts";
import type { NatsBusDeps } from "./sink.ts";
import { subjectToken } from "./subject-token.ts";

/** When so many are gathered they are delivered at once. */
const maxGathered = 1_024;
/** `addConversation` rejects when the subscription is not in force within this. */
const inForceMsMax = 2_000;
/**
 * The pause between alarms for malformed payloads, so that a faulty publisher does not make every gateway compare all the
 * time.
 */
const malformedPauseMs = 30_000;
/**
 * A subscription spreads to the other servers of a cluster after this host's server confirmed it. Of messages published at
 * another server right after the confirmation 7 in 100 were lost (measured), after this pause none. This is no guarantee, so
 * subscribers read the present state again a second later.
 */
const spreadMs = 25;
const secondAlarmMs = 1_000;

export function createNatsSource(deps: NatsBusDeps): NotificationSource & { close(): void } {
  return new NatsSource(deps);
}

/** A user or a conversation that this gateway listens to. */
interface Listened {
  readonly id: string;
  readonly subscription: Subscription;
  isRemoved: boolean;
}
interface Gathered {
  readonly notification: UntargetedNotification;
  /** Undefined when the target is a conversation. */
  readonly users: Listened[] | undefined;
  readonly conversation: Listened | undefined;
}

class NatsSource implements NotificationSource {
  #connection: NatsConnection;
  #clock: NatsBusDeps["clock"];
  #log: NatsBusDeps["log"];
  #warn: ThrottledLog;
  #gate: FlushGate;
  #alarm: GapAlarm;
  #users = new Map<string, Listened>();
  #conversations = new Map<string, Listened>();
  #handlers: ((notification: FramedNotification, users: readonly string[]) => void)[] = [];
  #gapHandlers: (() => void)[] = [];
  /** The messages of the present read of the network (source/gather). */
  #gathered: Gathered[] = [];
  #gatheredById = new Map<string, Gathered>();
  #lastId = "";
  #last: Gathered | undefined;
  #stopListening: () => void;
  #gaps: Subscription;

  constructor({ connection, clock, log }: NatsBusDeps) {
    this.#connection = connection;
    this.#clock = clock;
    this.#log = log;
    this.#warn = createThrottledLog(log, clock);
    this.#gate = new FlushGate(connection, clock, inForceMsMax);
    this.#alarm = new GapAlarm(clock, () => this.#reportGap());
    this.#gaps = connection.client.subscribe(gapSubject, { callback: () => this.#alarm.raise() });
    this.#stopListening = connection.onStatus((status) => {
      if (status === "reconnected") void this.#onReconnect();
      else if (status === "slow_consumer") this.#alarm.raise();
    });
  }

  onNotification(handler: (notification: FramedNotification, users: readonly string[]) => void): void {
    this.#handlers.push(handler);
  }

  onGap(handler: () => void): void {
    this.#gapHandlers.push(handler);
  }

  addUser(userId: string): void {
    if (!this.#users.has(userId)) this.#users.set(userId, this.#listen(userId, this.#receiveForUser));
  }

  removeUser(userId: string): void {
    this.#unlisten(this.#users, userId);
  }

  async addConversation(conversationId: string): Promise<void> {
    if (!this.#conversations.has(conversationId)) {
      this.#conversations.set(conversationId, this.#listen(conversationId, this.#receiveForConversation));
    }
    await this.#gate.flush();
    if (this.#isCluster()) await sleep(this.#clock, spreadMs);
  }

  removeConversation(conversationId: string): void {
    this.#unlisten(this.#conversations, conversationId);
  }

  close(): void {
    this.#stopListening();
    this.#alarm.close();
    if (!this.#connection.client.isClosed()) this.#gaps.unsubscribe();
    for (const userId of [...this.#users.keys()]) this.removeUser(userId);
    for (const conversationId of [...this.#conversations.keys()]) this.removeConversation(conversationId);
  }

  #listen(id: string, receive: (listened: Listened, payload: Uint8Array) => void): Listened {
    const callback = (error: Error | null, { data }: Msg) => {
      if (error) this.#warn("nats: subscription refused", { id, cause: error.message });
      else receive(listened, data);
    };
    const subscription = this.#connection.client.subscribe(`notification.*.*.${subjectToken(id)}`, { callback });
    const listened: Listened = { id, subscription, isRemoved: false };
    return listened;
  }

  #unlisten(index: Map<string, Listened>, id: string): void {
    const listened = index.get(id);
    if (listened === undefined) return;
    index.delete(id);
    listened.isRemoved = true;
    if (!this.#connection.client.isClosed()) listened.subscription.unsubscribe();
  }

  #receiveForUser = (user: Listened, payload: Uint8Array): void => {
    const id = idOf(payload) ?? "";
    const known = id === this.#lastId ? this.#last : this.#gatheredById.get(id);
    if (known?.users) {
      known.users.push(user);
      return;
    }
    const notification = id === "" ? undefined : decodeNotification(payload);
    if (notification === "unknown") return;
    if (notification === undefined) {
      this.#refuse(user, payload);
      return;
    }
    const gathered: Gathered = { notification, users: [user], conversation: undefined };
    this.#gatheredById.set(id, gathered);
    this.#lastId = id;
    this.#last = gathered;
    this.#gather(gathered);
  };

  #receiveForConversation = (conversation: Listened, payload: Uint8Array): void => {
    const notification = decodeNotification(payload);
    if (notification === undefined) this.#refuse(conversation, payload);
    else if (notification !== "unknown") this.#gather({ notification, users: undefined, conversation });
  };

  #gather(gathered: Gathered): void {
    if (this.#gathered.push(gathered) === 1) this.#clock.soon(() => this.#deliverAll());
    else if (this.#gathered.length >= maxGathered) this.#deliverAll();
  }

  #deliverAll(): void {
    const batch = this.#gathered;
    this.#gathered = [];
    this.#gatheredById.clear();
    this.#lastId = "";
    this.#last = undefined;
    for (const { notification, users, conversation } of batch) {
      if (users) {
        const present = users.filter(({ isRemoved }) => !isRemoved).map(({ id }) => id);
        if (present.length > 0) this.#deliver({ ...notification, target: { users: present } }, present);
      } else if (conversation && !conversation.isRemoved) {
        this.#deliver({ ...notification, target: { conversationId: conversation.id } }, []);
      }
    }
  }

  #deliver(notification: FramedNotification, users: readonly string[]): void {
    try {
      for (const handler of this.#handlers) handler(notification, users);
    } catch (error) {
      this.#log.error("nats: notification handler failed", { type: notification.type, error });
      this.#alarm.raise();
    }
  }

  #reportGap(): void {
    try {
      for (const handler of this.#gapHandlers) handler();
    } catch (error) {
      this.#log.error("nats: gap handler failed", { error });
    }
  }

  #refuse({ id }: Listened, payload: Uint8Array): void {
    this.#warn("nats: malformed notification", { id, bytes: payload.length });
    this.#alarm.raise({ pauseMs: malformedPauseMs });
  }

  /** The client has sent the subscriptions again before it reports the reconnect. */
  async #onReconnect(): Promise<void> {
    try {
      await this.#gate.flush();
    } catch (cause) {
      // The connection was lost again, or the server is slow to confirm. In both cases the alarm is raised all the same.
      this.#warn("nats: subscriptions not confirmed after a reconnect", { cause: String(cause) });
    }
    this.#alarm.raise();
    if (this.#isCluster()) this.#clock.after(secondAlarmMs, () => this.#alarm.raise());
  }

  #isCluster(): boolean {
    return this.#connection.client.info?.cluster !== undefined;
  }
}
