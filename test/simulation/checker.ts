// Judges a run by what clients sent and received (G1–G6). It knows nothing of shards, logs or owners.
import { isDeepStrictEqual } from "node:util";
import type { SendReceipt } from "../../actors/conversation/contract.ts";
import type { SyncResult, VisibleMessage } from "../../actors/reading/contract.ts";
import type { DeviceModel } from "../support/device-model.ts";

export interface SentMessage {
  readonly conversationId: string;
  readonly senderId: string;
  readonly clientMsgId: string;
  readonly text: string;
}
export type Sighting = Pick<VisibleMessage, "messageId" | "seq" | "senderId" | "clientMsgId">;

interface MembershipChange {
  readonly version: number;
  readonly type: string;
  readonly userIds: readonly string[];
}

/** A call that has begun. Its answer must not be older than the answers of calls that ended before. */
interface Begun {
  readonly floor: number;
}

/** Violations that a verdict lists; further ones are left out. */
const maxViolations = 10;

/** Two messages that one socket received one after the other. */
interface Skip {
  readonly device: string;
  readonly userId: string;
  readonly conversationId: string;
  readonly from: { readonly seq: number; readonly version: number };
  readonly to: { readonly seq: number; readonly version: number };
}

export class Checker {
  readonly #skips: Skip[] = [];
  readonly violations: string[] = [];
  readonly #sent = new Map<string, SentMessage>();
  readonly #acked = new Map<string, SendReceipt>();
  readonly #sightings = new Map<string, { conversationId: string; message: Sighting; by: string }>();
  /** By conversation, the newest version in the answer of a completed call. */
  readonly #shown = new Map<string, number>();
  readonly #refused = new Set<string>();
  readonly #cursors = new Map<string, string>();
  readonly #delivered = new Map<string, { device: string; userId: string; conversationId: string; version: number }>();

  get ackedCount(): number {
    return this.#acked.size;
  }

  sent(message: SentMessage): void {
    this.#sent.set(message.clientMsgId, message);
  }

  acked({ conversationId, senderId, clientMsgId }: SentMessage, receipt: SendReceipt): void {
    const known = this.#acked.get(clientMsgId);
    if (!known) this.#acked.set(clientMsgId, receipt);
    else if (known.messageId !== receipt.messageId || known.seq !== receipt.seq) {
      this.#violate("G2", `${clientMsgId} was acked as ${show(known)}, then as ${show(receipt)}`);
    }
    this.saw("its sender", conversationId, { ...receipt, senderId, clientMsgId });
  }

  refused({ clientMsgId }: SentMessage, error: Error, isExpected: boolean): void {
    this.#refused.add(clientMsgId);
    if (!isExpected) this.#violate("G1", `${clientMsgId} was refused: ${error.message}`);
  }

  saw(by: string, conversationId: string, { messageId, seq, senderId, clientMsgId }: Sighting): void {
    const key = `${conversationId} ${seq}`;
    const known = this.#sightings.get(key);
    const message = { messageId, seq, senderId, clientMsgId };
    if (!known) this.#sightings.set(key, { conversationId, message, by });
    else if (known.message.messageId !== messageId) {
      this.#violate("G3", `${by} saw ${show(message)} in ${conversationId}, ${known.by} saw ${show(known.message)}`);
    }
  }

  begin(conversationId: string): Begun {
    return { floor: this.#shown.get(conversationId) ?? 0 };
  }

  /** Reads and sends are linearizable: no call answers an older version than a call that ended before it began. */
  shown(by: string, conversationId: string, version: number, { floor }: Begun): void {
    if (version < floor) this.#violate("lease", `${by} was shown ${conversationId} at ${version} after ${floor}`);
    if (version > (this.#shown.get(conversationId) ?? 0)) this.#shown.set(conversationId, version);
  }

  // — frames that gateways wrote —

  /** Takes a frame that was written to a socket after the CONNECT_ACK of a newer socket of the device. */
  servedBeside(device: string, type: string): void {
    this.#violate("G8", `${device} was written ${type} on a socket that a newer socket had replaced`);
  }

  /** The messages of one socket have no hole, except for messages sent while the user was no member. */
  skipped(skip: Skip): void {
    if (skip.conversationId.startsWith("g_")) this.#skips.push(skip);
    else this.#accuse(skip);
  }

  #accuse({ device, conversationId, from, to }: Skip): void {
    this.#violate(
      "G5",
      `${device} was shown ${to.seq} (version ${to.version}) after ${from.seq} (${from.version}) of ${conversationId}`,
    );
  }

  delivered(device: string, userId: string, conversationId: string, version: number): void {
    this.#delivered.set(`${device} ${conversationId} ${version}`, { device, userId, conversationId, version });
  }

  /** `changes`: the membership of a conversation, by version. A removed user gets neither their removal nor later versions. */
  membership(conversationId: string, changes: readonly MembershipChange[]): void {
    for (const skip of this.#skips.filter((each) => each.conversationId === conversationId)) {
      const wasAway = ({ type, version, userIds }: MembershipChange) =>
        type === "member_left" &&
        version > skip.from.version &&
        version < skip.to.version &&
        userIds.includes(skip.userId);
      if (!changes.some(wasAway)) this.#accuse(skip);
    }
    for (const { device, userId, conversationId: id, version } of this.#delivered.values()) {
      if (id !== conversationId) continue;
      const last = changes.findLast((change) => change.version <= version && change.userIds.includes(userId));
      if (last?.type !== "member_left" || last.version === version) continue;
      // A user who came back may see messages of the time between, if the group shows its history.
      if (changes.some((each) => each.version > version && each.userIds.includes(userId))) continue;
      this.#violate("removal", `${device} got ${version} of ${id}, and was removed by ${last.version}`);
    }
  }

  /** Long after the last fault a socket has received every version. */
  received(device: string, conversationId: string, version: number, present: number): void {
    if (version < present) this.#violate("G5", `${device} received ${conversationId} up to ${version} of ${present}`);
  }

  /** A cursor always stands for the same vector. */
  synced(device: string, { cursor, vector }: SyncResult): void {
    const key = `${device} ${cursor}`;
    const text = JSON.stringify([vector.userVersion, Object.entries(vector.conversations).sort()]);
    const known = this.#cursors.get(key);
    this.#cursors.set(key, text);
    if (known !== undefined && known !== text) {
      this.#violate("G6", `${device}: cursor ${cursor} stood for ${known}, then for ${text}`);
    }
  }

  /** Judges the whole history, as a fresh device has it after the last fault. */
  history(conversationId: string, messages: readonly VisibleMessage[]): void {
    const seqs = new Set<string>();
    messages.forEach((message, i) => {
      const { seq, clientMsgId, messageId } = message;
      if (seq !== i + 1) this.#violate("G3", `${conversationId}: seq ${seq} stands at place ${i + 1}`);
      const sent = this.#sent.get(clientMsgId.split("~")[0]!);
      if (sent?.conversationId !== conversationId) this.#violate("G3", `${show(message)} was never sent there`);
      const isWhole = message.status !== "normal" || isDeepStrictEqual(message.content, { text: sent?.text });
      if (!isWhole) this.#violate("G1", `${show(message)} has another content`);
      if (seqs.has(clientMsgId.split("~")[0]!)) this.#violate("G2", `${clientMsgId} is there twice`);
      seqs.add(clientMsgId.split("~")[0]!);
      seqs.add(messageId);
    });
    this.#inOrder(messages);
    for (const [clientMsgId, receipt] of this.#acked) {
      if (this.#sent.get(clientMsgId)!.conversationId !== conversationId) continue;
      if (messages[receipt.seq - 1]?.messageId !== receipt.messageId) {
        this.#violate(
          "G1",
          `${clientMsgId} was acked as ${show(receipt)}; there is ${show(messages[receipt.seq - 1])}`,
        );
      }
    }
    for (const { conversationId: id, message, by } of this.#sightings.values()) {
      if (id === conversationId && messages[message.seq - 1]?.messageId !== message.messageId) {
        this.#violate("gate", `${by} saw ${show(message)} in ${id}; there is ${show(messages[message.seq - 1])}`);
      }
    }
  }

  /** Sends of one device, which numbers them, keep their order. (A late copy of a refused send may still be accepted.) */
  #inOrder(messages: readonly VisibleMessage[]): void {
    const newest = new Map<string, number>();
    for (const { clientMsgId } of messages) {
      if (this.#refused.has(clientMsgId)) continue;
      const [device = "", number] = clientMsgId.split("~")[0]!.split("-");
      if (Number(number) < (newest.get(device) ?? 0)) this.#violate("G3", `${clientMsgId} stands behind a later one`);
      newest.set(device, Number(number));
    }
  }

  converged(name: string, device: DeviceModel, fresh: DeviceModel, nowMs: number): void {
    const mine = device.state(nowMs);
    const truth = fresh.state(nowMs);
    for (const difference of differences(mine, truth)) {
      this.#violate("G6", `${name} differs from a fresh device: ${difference}`);
    }
  }

  /** Each effect of an outbox entry is there exactly once. */
  counted(senderId: string, messageIds: readonly string[], histories: readonly (readonly VisibleMessage[])[]): void {
    const own = histories.flat().filter((message) => message.senderId === senderId);
    const counts = new Map<string, number>();
    for (const id of messageIds) counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const { messageId } of own) {
      const count = counts.get(messageId) ?? 0;
      if (count !== 1) this.#violate("outbox", `${messageId} of ${senderId} was counted ${count} times`);
      counts.delete(messageId);
    }
    for (const id of counts.keys()) this.#violate("outbox", `${id} was counted and never sent`);
  }

  stuck(what: string): void {
    this.#violate("G9", what);
  }

  #violate(guarantee: string, what: string): void {
    if (this.violations.length < maxViolations) this.violations.push(`${guarantee}: ${what}`);
  }
}

function show(message: { messageId: string; seq: number; clientMsgId?: string } | undefined): string {
  if (!message) return "nothing";
  return `${message.seq}:${message.messageId}${message.clientMsgId === undefined ? "" : ` (${message.clientMsgId})`}`;
}

function differences(mine: unknown, truth: unknown, path = "it"): string[] {
  if (isDeepStrictEqual(mine, truth)) return [];
  const isDeep = typeof mine === "object" && typeof truth === "object" && mine !== null && truth !== null;
  if (!isDeep) return [`${path} is ${JSON.stringify(mine)}, not ${JSON.stringify(truth)}`];
  const names = new Set([...Object.keys(mine), ...Object.keys(truth)]);
  const read = (from: object, name: string): unknown => (from as Record<string, unknown>)[name];
  return [...names].flatMap((name) => differences(read(mine, name), read(truth, name), `${path}.${name}`));
}
