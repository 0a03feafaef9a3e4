// Checks a run against G1–G6. It knows only what clients sent and received, so that a fault of the server cannot hide itself.

import { type Message, textOf } from "../../gateway/client/base/wire.ts";
import type { HeldConversation } from "../../gateway/client/replica/conversation.ts";
import type { Acked, Change, Sent } from "./device.ts";

/** The record of a device at the end of a run. */
export interface Witness {
  readonly name: string;
  readonly userId: string;
  readonly sent: readonly Sent[];
  readonly acked: readonly Acked[];
  readonly denied: ReadonlySet<string>;
  readonly changes: readonly Change[];
  readonly contradictions: readonly string[];
  /** The replica of the device's client. */
  readonly replica: { find(conversationId: string): HeldConversation | undefined };
}

/** A message in the history that a member reads after the last fault. */
export interface HistoryMessage {
  messageId: string;
  clientMsgId?: string;
  senderId: string;
  seq: number;
  text: string;
  status: "normal" | "recalled";
}
export interface Histories {
  /** Per conversation: per member, oldest first. */
  byConversation: Map<string, Map<string, HistoryMessage[]>>;
  /** The first seq of each history: older messages were checked before. Default 1. */
  fromSeq?: ReadonlyMap<string, number>;
  /** A member who was added again need not receive messages that were sent before this time (monotonic ms). */
  memberSinceMs?(conversationId: string, userId: string): number;
}

export function findViolations(devices: readonly Witness[], histories: Histories): string[] {
  const acked = devices.flatMap((device) => device.acked);
  const sent = devices.flatMap((device) => device.sent);
  const denied = new Set(devices.flatMap((device) => [...device.denied]));
  return [
    ...devices.flatMap((device) => contradictionsOf(device)),
    ...sameReceipts(acked),
    ...devices.flatMap((device) => inOrder(device)),
    ...[...histories.byConversation].flatMap(([id, views]) => [
      ...oneOrder(id, views),
      ...dense(id, views, histories.fromSeq?.get(id) ?? 1),
      ...acksStand(id, views, acked),
      ...sentOnce(id, views, sent, denied),
      ...changesStand(id, views, devices),
      ...devicesConverge(id, views, devices),
      ...oneVersion(id, views, devices),
    ]),
  ];
}

function contradictionsOf({ name, contradictions }: Witness): string[] {
  return contradictions.map((each) => `G3 ${name}: ${each}`);
}

/** G2: every attempt of a send gets the same receipt. */
function sameReceipts(acked: readonly Acked[]): string[] {
  const first = new Map<string, Acked>();
  return acked.flatMap((ack) => {
    const known = first.get(ack.msgId);
    if (!known) first.set(ack.msgId, ack);
    const same = !known || (known.messageId === ack.messageId && known.seq === ack.seq);
    return same
      ? []
      : [`G2 ${ack.msgId}: acknowledged as ${known.messageId}/${known.seq}, then ${ack.messageId}/${ack.seq}`];
  });
}

/** G3: sends of one socket into one conversation keep their order. Repeated sends are left out. */
function inOrder({ name, acked }: Witness): string[] {
  const newest = new Map<string, Acked>();
  const sorted = acked.filter(({ attempts }) => attempts === 1).sort((a, b) => a.sentMs - b.sentMs);
  return sorted.flatMap((ack) => {
    const key = `${ack.socket} ${ack.conversationId}`;
    const before = newest.get(key);
    newest.set(key, ack);
    return before && before.seq > ack.seq
      ? [`G3 ${name}: ${ack.msgId} stands before ${before.msgId}, sent earlier`]
      : [];
  });
}

/** G3: all members see the same messages in the same order. */
function oneOrder(id: string, views: Map<string, HistoryMessage[]>): string[] {
  const [first, ...others] = [...views];
  if (!first) return [];
  return others.flatMap(([userId, messages]) => {
    const at = firstDifference(first[1], messages);
    return at === undefined ? [] : [`G3 ${id}: ${userId} sees ${at.mine}, ${first[0]} sees ${at.other}`];
  });
}
function firstDifference(theirs: readonly HistoryMessage[], own: readonly HistoryMessage[]) {
  for (let i = 0; i < Math.max(theirs.length, own.length); i += 1) {
    const [other, mine] = [show(theirs[i]), show(own[i])];
    if (other !== mine) return { mine, other };
  }
  return undefined;
}
function show(message: HistoryMessage | undefined): string {
  return message ? `${message.seq}:${message.messageId}:${message.status}:${message.text}` : "nothing";
}

/** G3: seqs are 1, 2, 3 … without a hole or reuse. */
function dense(id: string, views: Map<string, HistoryMessage[]>, fromSeq: number): string[] {
  return [...views].flatMap(([userId, messages]) => {
    const at = messages.findIndex(({ seq }, i) => seq !== fromSeq + i);
    return at < 0 ? [] : [`G3 ${id}: ${userId} sees seq ${messages[at]?.seq} at place ${fromSeq + at}`];
  });
}

/** G1: every acknowledged message is in the history, with the acknowledged messageId and seq. */
function acksStand(id: string, views: Map<string, HistoryMessage[]>, acked: readonly Acked[]): string[] {
  const messages = anyView(views);
  const bySeq = new Map(messages.map((message) => [message.seq, message]));
  return acked
    .filter(({ conversationId }) => conversationId === id)
    .filter(({ seq, messageId }) => bySeq.get(seq)?.messageId !== messageId)
    .map(
      ({ msgId, seq, messageId }) => `G1 ${id}: ${msgId} was acknowledged as ${messageId} at ${seq}; it is not there`,
    );
}

/** G2: every sent message is in the history once (the load has waited for every ack), and a denied one at most once. */
function sentOnce(
  id: string,
  views: Map<string, HistoryMessage[]>,
  sent: readonly Sent[],
  denied: ReadonlySet<string>,
): string[] {
  const counts = new Map<string, number>();
  for (const { clientMsgId } of anyView(views)) {
    if (clientMsgId !== undefined) counts.set(clientMsgId, (counts.get(clientMsgId) ?? 0) + 1);
  }
  return sent
    .filter(({ conversationId }) => conversationId === id)
    .map(({ msgId }) => ({ msgId, count: counts.get(msgId) ?? 0 }))
    .filter(({ msgId, count }) => count !== 1 && !(count === 0 && denied.has(msgId)))
    .map(({ msgId, count }) => `G2 ${id}: ${msgId} is there ${count} times`);
}

/** G1: a confirmed recall holds. A confirmed edit shows, unless a later edit was requested after its confirmation. */
function changesStand(id: string, views: Map<string, HistoryMessage[]>, devices: readonly Witness[]): string[] {
  const byId = new Map(anyView(views).map((message) => [message.messageId, message]));
  const changes = devices.flatMap((device) => device.changes).filter(({ conversationId }) => conversationId === id);
  return changes.flatMap((change) => {
    const { kind, messageId, text, sentMs, confirmedMs } = change;
    const message = byId.get(messageId);
    if (confirmedMs === undefined || !message || message.status === "recalled") return [];
    if (kind === "MESSAGE_RECALL") return [`G1 ${id}: ${messageId} was recalled, and shows`];
    const shown = changes.find((each) => each.messageId === messageId && each.text === message.text);
    const isOlder = !shown || (shown !== change && (shown.confirmedMs ?? Number.POSITIVE_INFINITY) < sentMs);
    return isOlder ? [`G1 ${id}: ${messageId} was edited to "${text}", and shows "${message.text}"`] : [];
  });
}

/** G5: every device received every message without a sync. */
export function findUndelivered(devices: readonly Witness[], histories: Histories): string[] {
  const sentMs = new Map(devices.flatMap(({ sent }) => sent.map((each) => [each.msgId, each.sentMs] as const)));
  return [...histories.byConversation].flatMap(([id, views]) =>
    devices.flatMap((device) => {
      const held = device.replica.find(id);
      const sinceMs = histories.memberSinceMs?.(id, device.userId) ?? 0;
      const lacks = (views.get(device.userId) ?? [])
        // A full answer drops older messages from the device; they are part of the history that it can fetch.
        .filter(({ seq }) => seq >= (held?.floorSeq ?? 1) && !held?.messages.has(seq))
        .filter(({ clientMsgId = "" }) => sinceMs === 0 || (sentMs.get(clientMsgId) ?? 0) > sinceMs)
        .map(({ seq }) => seq);
      return lacks.length > 0 ? [`G5 ${id}: ${device.name} did not receive ${ranges(lacks)}`] : [];
    }),
  );
}

/** G6: after a sync a device holds the same messages as a new device, from its floor on. */
function devicesConverge(id: string, views: Map<string, HistoryMessage[]>, devices: readonly Witness[]): string[] {
  return devices.flatMap((device) => {
    const truth = views.get(device.userId);
    if (!truth) return [];
    const held = device.replica.find(id);
    if (!held) return truth.length === 0 ? [] : [`G6 ${id}: ${device.name} holds nothing`];
    return truth.flatMap((message) => {
      if (message.seq < held.floorSeq) return [];
      const there = held.messages.get(message.seq);
      const mine = there && shownOf(there);
      if (!mine) return [`G6 ${id}: ${device.name} lacks ${message.seq}`];
      const same = mine.messageId === message.messageId && mine.status === message.status && mine.text === message.text;
      return same ? [] : [`G6 ${id}: ${device.name} holds ${JSON.stringify(mine)} for ${JSON.stringify(message)}`];
    });
  });
}

/** G6: every device of every member has the same version. */
function oneVersion(id: string, views: Map<string, HistoryMessage[]>, devices: readonly Witness[]): string[] {
  const stands = devices.flatMap(({ name, userId, replica }) => {
    const held = replica.find(id);
    return views.has(userId) && held ? [{ name, version: held.versions.upTo }] : [];
  });
  const newest = Math.max(0, ...stands.map(({ version }) => version));
  return stands
    .filter(({ version }) => version !== newest)
    .map(({ name, version }) => `G6 ${id}: ${name} stands at version ${version}, others at ${newest}`);
}

function shownOf({
  messageId,
  content,
  contentType,
  status,
}: Message): Pick<HistoryMessage, "messageId" | "text" | "status"> {
  if (status === "recalled") return { messageId, text: "", status };
  return { messageId, text: textOf(content, contentType), status: "normal" };
}

function anyView(views: Map<string, HistoryMessage[]>): HistoryMessage[] {
  return [...views.values()][0] ?? [];
}

/** Formats numbers as "1–3 7 9–10". */
function ranges(numbers: readonly number[]): string {
  const starts = numbers.filter((each, i) => each !== (numbers[i - 1] ?? Number.NaN) + 1);
  return starts
    .map((start, i) => {
      const next = starts[i + 1];
      const end = next === undefined ? numbers.at(-1) : numbers[numbers.indexOf(next) - 1];
      return end === start ? `${start}` : `${start}–${end}`;
    })
    .join(" ");
}
