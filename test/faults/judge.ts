// Checks a run in periods: stops the load, waits until all sends are answered and delivered, runs the checker, and drops the
// checked records.

import type { ChatLoad } from "./chat-load.ts";
import { findUndelivered, findViolations, type Histories, type HistoryMessage } from "./checker.ts";
import { requestData } from "./rest.ts";

export interface Verdict {
  sent: number;
  acked: number;
  removals: number;
  violations: string[];
  /** The time from the end of the load until every device had received every message. */
  deliveredMs: number;
  /** Messages that were delivered late, for analysis. */
  late: string[];
  /** The number of answers with `full: true` since the start. */
  fulls: number;
}

const settleTimeoutMs = 90_000;
/** After this time (a little more than the deadline of a send) a command without an answer can take effect no more. */
const doubtMs = 16_000;
/** Unacknowledged messages are sent again after 5 s and 15 s; a delivery after this time counts as late. */
const soonMs = 25_000;
/** A gateway compares what its devices hold with the heads every 120 s, with jitter. */
const deliveryTimeoutMs = 180_000;
const lookMs = 50;
const pageSize = 100;

export class Judge {
  #load: ChatLoad;
  /** Per conversation, the first seq that was not checked yet. */
  #fromSeq = new Map<string, number>();
  /** All checked messages, for `checkWholeHistories`: conversation → seq → messageId. */
  #record = new Map<string, Map<number, string>>();

  constructor(load: ChatLoad) {
    this.#load = load;
  }

  async checkWhenSettled(): Promise<Verdict> {
    const load = this.#load;
    const { devices, memberships } = load;
    await load.stopSending();
    const violations: string[] = [];
    const stuck = await this.#settle();
    violations.push(...stuck);
    const histories = await this.#readAll();
    const beganMs = performance.now();
    const late = new Set<string>();
    let missing = findUndelivered(devices, histories);
    while (missing.length > 0 && performance.now() - beganMs < deliveryTimeoutMs) {
      if (performance.now() - beganMs > soonMs) for (const each of missing) late.add(each);
      await pause(lookMs * 2);
      missing = findUndelivered(devices, histories);
    }
    const deliveredMs = performance.now() - beganMs;
    violations.push(...missing);
    for (const device of devices) {
      await device.sync().catch((error: Error) => violations.push(`G6 ${device.name}: ${error.message}`));
    }
    violations.push(...findViolations(devices, histories), ...memberships.flatMap((each) => each.violations));
    const verdict = {
      sent: load.sent,
      acked: load.acked,
      removals: memberships.reduce((sum, { removals }) => sum + removals, 0),
      violations,
      deliveredMs,
      late: [...late],
      fulls: devices.reduce((sum, { fulls }) => sum + fulls, 0),
    };
    this.#startNextPeriod(histories);
    return verdict;
  }

  /** Reads the whole histories again: every message that was checked at any time must still be at its seq. */
  async checkWholeHistories(): Promise<string[]> {
    this.#fromSeq.clear();
    const { byConversation } = await this.#readAll(true);
    return [...byConversation].flatMap(([id, views]) => {
      const [messages = []] = views.values();
      const holes = messages.filter(({ seq }, i) => seq !== i + 1).slice(0, 1);
      const bySeq = new Map(messages.map(({ seq, messageId }) => [seq, messageId]));
      const lost = [...(this.#record.get(id) ?? [])].filter(([seq, messageId]) => bySeq.get(seq) !== messageId);
      return [
        ...holes.map(({ seq }) => `G3 ${id}: seq ${seq} stands behind a hole`),
        ...lost.map(([seq, messageId]) => `G1 ${id}: ${messageId} at ${seq} was there, and is not any more`),
      ];
    });
  }

  /** Waits until every send has its ack, and every change has its answer or can take effect no more. */
  async #settle(): Promise<string[]> {
    const { devices } = this.#load;
    const isSettled = () =>
      devices.every(({ isOpen, pendingCount, changingCount, unknownChangeMs }) => {
        const isCertain = performance.now() - unknownChangeMs > doubtMs;
        return isOpen && pendingCount === 0 && changingCount === 0 && isCertain;
      });
    const endMs = performance.now() + settleTimeoutMs;
    while (!isSettled()) {
      if (performance.now() > endMs) {
        return devices
          .filter(({ isOpen, pendingCount }) => !isOpen || pendingCount > 0)
          .map(({ name, gateway, isOpen, pendingCount, refusals }) => {
            const state = isOpen ? `open at ${gateway}` : "not connected";
            return `G9 ${name}: ${state}, ${pendingCount} sends pending, the last refusal ${refusals.at(-1)}`;
          });
      }
      await pause(lookMs);
    }
    return [];
  }

  async #readAll(isFirstOnly = false): Promise<Histories> {
    const { conversations, persons, memberships } = this.#load;
    const byConversation: Histories["byConversation"] = new Map();
    for (const { id, members } of conversations) {
      const views = new Map<string, HistoryMessage[]>();
      for (const member of isFirstOnly ? members.slice(0, 1) : members) {
        const person = persons[member];
        if (person) views.set(person.userId, await this.#readHistory(id, person.token));
      }
      byConversation.set(id, views);
    }
    const memberSinceMs = (id: string, userId: string) =>
      memberships.find((each) => each.conversationId === id && each.userId === userId)?.addedMs ?? 0;
    return { byConversation, fromSeq: new Map(this.#fromSeq), memberSinceMs };
  }

  async #readHistory(conversationId: string, token: string): Promise<HistoryMessage[]> {
    const all: HistoryMessage[] = [];
    for (let startSeq = this.#fromSeq.get(conversationId) ?? 1; ; ) {
      const query = `sessionId=${conversationId}&startSeq=${startSeq}&limit=${pageSize}&direction=forward`;
      const page = await requestData<{ messages: Record<string, unknown>[]; hasMore: boolean }>(
        this.#load.place,
        "GET",
        `/messages/history?${query}`,
        token,
      );
      for (const each of page.messages) all.push(historyMessage(each));
      const last = all.at(-1);
      if (!page.hasMore || page.messages.length === 0 || !last) return all;
      startSeq = last.seq + 1;
    }
  }

  #startNextPeriod({ byConversation }: Histories): void {
    const { devices, memberships } = this.#load;
    for (const [id, views] of byConversation) {
      const [messages = []] = views.values();
      const next = (messages.at(-1)?.seq ?? (this.#fromSeq.get(id) ?? 1) - 1) + 1;
      this.#fromSeq.set(id, next);
      const record = this.#record.get(id) ?? new Map<number, string>();
      for (const { seq, messageId } of messages) record.set(seq, messageId);
      this.#record.set(id, record);
      for (const { replica } of devices) replica.find(id)?.forgetBelow(next);
    }
    for (const device of devices) device.forget();
    for (const membership of memberships) membership.violations.length = 0;
  }
}

function historyMessage(wire: Record<string, unknown>): HistoryMessage {
  const { messageId, clientMsgId, senderId, seq, content, status } = wire;
  const isRecalled = status === "recalled";
  return {
    messageId: String(messageId),
    clientMsgId: clientMsgId === undefined ? undefined : String(clientMsgId),
    senderId: String(senderId),
    seq: Number(seq),
    text: isRecalled ? "" : String(content),
    status: isRecalled ? "recalled" : "normal",
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
