// The bell over NATS, gateway side: one subscription per user connected here, and per conversation listened to.
// B1: what one read of the network brought is handed over together: a notification once with all its users here, so that
//     the gateway makes its frame once. (A notification that the network cut in two is handed over twice.)
// B2: in the order of arrival, which keeps each publisher's order.
// B3: whatever may have been missed raises the alarm: a reconnect, once our subscriptions are in force at the server
//     again; messages dropped for slowness; a payload that says nothing; a loss that a publisher tells of.
// B4: nothing that arrives, and no handler that throws, disturbs the connection.

import type { Msg, Subscription } from "nats";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import type { NotificationSource } from "../../gateway/ports.ts";
import { createSeldomLog, type SeldomLog } from "../observe/seldom-log.ts";
import type { NatsConnection } from "./connection.ts";
import { FlushGate } from "./flush-gate.ts";
import { GapAlarm } from "./gap-alarm.ts";
import { decodeNotification, gapSubject, idOf, type Told } from "./notification-codec.ts";
import type { NatsBellDeps } from "./sink.ts";
import { subjectToken } from "./subject-token.ts";

/** B1: more are handed over at once. */
const maxGathered = 1_024;
/** A subscription in force within this, or `addConversation` rejects. */
const inForceMsMax = 2_000;
/** Between alarms over payloads that say nothing: whoever writes them must not keep every gateway comparing. */
const foreignPauseMs = 30_000;
/**
 * Interest spreads between the servers of a cluster after ours confirmed it: of messages published at another server at
 * once 7 in 100 were lost (measured), after this none. No guarantee, so who subscribes looks again after a second.
 */
const spreadMs = 25;
const secondAlarmMs = 1_000;

export function createNatsSource(deps: NatsBellDeps): NotificationSource & { close(): void } {
  return new NatsSource(deps);
}

interface Listened {
  readonly id: string;
  readonly subscription: Subscription;
  isGone: boolean;
}
interface Gathered {
  readonly told: Told;
  /** Absent: told to a conversation. */
  readonly users: Listened[] | undefined;
  readonly conversation: Listened | undefined;
}

class NatsSource implements NotificationSource {
  #connection: NatsConnection;
  #clock: NatsBellDeps["clock"];
  #log: NatsBellDeps["log"];
  #warn: SeldomLog;
  #gate: FlushGate;
  #alarm: GapAlarm;
  #users = new Map<string, Listened>();
  #conversations = new Map<string, Listened>();
  #handlers: ((notification: FramedNotification, users: readonly string[]) => void)[] = [];
  #gapHandlers: (() => void)[] = [];
  /** B1, B2: what this read of the network brought. */
  #gathered: Gathered[] = [];
  #gatheredById = new Map<string, Gathered>();
  #lastId = "";
  #last: Gathered | undefined;
  #stopListening: () => void;
  #gaps: Subscription;

  constructor({ connection, clock, log }: NatsBellDeps) {
    this.#connection = connection;
    this.#clock = clock;
    this.#log = log;
    this.#warn = createSeldomLog(log, clock);
    this.#gate = new FlushGate(connection, clock, inForceMsMax);
    this.#alarm = new GapAlarm(clock, () => this.#ring());
    this.#gaps = connection.client.subscribe(gapSubject, { callback: () => this.#alarm.raise() });
    this.#stopListening = connection.onStatus((status) => {
      if (status === "reconnected") void this.#back();
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
    if (!this.#users.has(userId)) this.#users.set(userId, this.#listen(userId, this.#hearUser));
  }

  removeUser(userId: string): void {
    this.#unlisten(this.#users, userId);
  }

  async addConversation(conversationId: string): Promise<void> {
    if (!this.#conversations.has(conversationId)) {
      this.#conversations.set(conversationId, this.#listen(conversationId, this.#hearConversation));
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

  #listen(id: string, hear: (listened: Listened, payload: Uint8Array) => void): Listened {
    const callback = (error: Error | null, { data }: Msg) => {
      if (error) this.#warn("nats: subscription refused", { id, cause: error.message });
      else hear(listened, data);
    };
    const subscription = this.#connection.client.subscribe(`notification.*.*.${subjectToken(id)}`, { callback });
    const listened: Listened = { id, subscription, isGone: false };
    return listened;
  }

  #unlisten(index: Map<string, Listened>, id: string): void {
    const listened = index.get(id);
    if (listened === undefined) return;
    index.delete(id);
    listened.isGone = true;
    if (!this.#connection.client.isClosed()) listened.subscription.unsubscribe();
  }

  #hearUser = (user: Listened, payload: Uint8Array): void => {
    const id = idOf(payload) ?? "";
    const known = id === this.#lastId ? this.#last : this.#gatheredById.get(id);
    if (known?.users) {
      known.users.push(user);
      return;
    }
    const told = id === "" ? undefined : decodeNotification(payload);
    if (told === undefined) {
      this.#refuse(user, payload);
      return;
    }
    const gathered: Gathered = { told, users: [user], conversation: undefined };
    this.#gatheredById.set(id, gathered);
    this.#lastId = id;
    this.#last = gathered;
    this.#gather(gathered);
  };

  #hearConversation = (conversation: Listened, payload: Uint8Array): void => {
    const told = decodeNotification(payload);
    if (told === undefined) this.#refuse(conversation, payload);
    else this.#gather({ told, users: undefined, conversation });
  };

  #gather(gathered: Gathered): void {
    if (this.#gathered.push(gathered) === 1) this.#clock.soon(() => this.#handOver());
    else if (this.#gathered.length >= maxGathered) this.#handOver();
  }

  #handOver(): void {
    const batch = this.#gathered;
    this.#gathered = [];
    this.#gatheredById.clear();
    this.#lastId = "";
    this.#last = undefined;
    for (const { told, users, conversation } of batch) {
      if (users) {
        const here = users.filter(({ isGone }) => !isGone).map(({ id }) => id);
        if (here.length > 0) this.#tell({ ...told, target: { users: here } }, here);
      } else if (conversation && !conversation.isGone) {
        this.#tell({ ...told, target: { conversationId: conversation.id } }, []);
      }
    }
  }

  #tell(notification: FramedNotification, users: readonly string[]): void {
    try {
      for (const handler of this.#handlers) handler(notification, users);
    } catch (error) {
      this.#log.error("nats: notification handler failed", { type: notification.type, error }); // B4
      this.#alarm.raise();
    }
  }

  #ring(): void {
    try {
      for (const handler of this.#gapHandlers) handler();
    } catch (error) {
      this.#log.error("nats: gap handler failed", { error }); // B4
    }
  }

  /** B3 */
  #refuse({ id }: Listened, payload: Uint8Array): void {
    this.#warn("nats: payload is no notification", { id, bytes: payload.length });
    this.#alarm.raise({ pauseMs: foreignPauseMs });
  }

  /** B3: the client subscribes again by itself, before it says that it is back. */
  async #back(): Promise<void> {
    try {
      await this.#gate.flush();
    } catch (cause) {
      // Lost again: the next reconnect raises it; a server too slow to confirm does not keep us from looking.
      this.#warn("nats: subscriptions not confirmed after a reconnect", { cause: String(cause) });
    }
    this.#alarm.raise();
    if (this.#isCluster()) this.#clock.after(secondAlarmMs, () => this.#alarm.raise());
  }

  #isCluster(): boolean {
    return this.#connection.client.info?.cluster !== undefined;
  }
}
