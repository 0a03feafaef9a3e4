// Judges a run from what clients sent and saw, and from nothing else (G1–G6).
import type { Acked, Device, Sent } from "./device.ts";

/** A message as its conversation's history shows it to a member, after the last fault. */
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
}

export function findViolations(devices: readonly Device[], histories: Histories): string[] {
  const acked = devices.flatMap((device) => device.acked);
  const sent = devices.flatMap((device) => device.sent);
  return [
    ...devices.flatMap(({ name, contradictions }) => contradictions.map((each) => `G3 ${name}: ${each}`)),
    ...sameReceipts(acked),
    ...[...histories.byConversation].flatMap(([id, views]) => [
      ...oneOrder(id, views),
      ...dense(id, views),
      ...acksStand(id, views, acked),
      ...sentOnce(id, views, sent),
      ...devicesConverge(id, views, devices),
    ]),
  ];
}

/** G2: however often a send was tried, its receipt is the same. */
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

/** G3: all members see the same messages in the same order. */
function oneOrder(id: string, views: Map<string, HistoryMessage[]>): string[] {
  const [first, ...others] = [...views].map(([userId, messages]) => ({ userId, order: orderOf(messages) }));
  return others
    .filter(({ order }) => order !== first!.order)
    .map(({ userId }) => `G3 ${id}: ${userId} sees another order`);
}
function orderOf(messages: readonly HistoryMessage[]): string {
  return messages.map(({ seq, messageId, status, text }) => `${seq}:${messageId}:${status}:${text}`).join(" ");
}

/** G3: 1, 2, 3 … without hole or reuse. */
function dense(id: string, views: Map<string, HistoryMessage[]>): string[] {
  return [...views].flatMap(([userId, messages]) => {
    const at = messages.findIndex(({ seq }, i) => seq !== i + 1);
    return at < 0 ? [] : [`G3 ${id}: ${userId} sees seq ${messages[at]!.seq} at place ${at + 1}`];
  });
}

/** G1: what was acknowledged is there, as acknowledged. */
function acksStand(id: string, views: Map<string, HistoryMessage[]>, acked: readonly Acked[]): string[] {
  const messages = [...views.values()][0]!;
  const bySeq = new Map(messages.map((message) => [message.seq, message]));
  return acked
    .filter(({ conversationId }) => conversationId === id)
    .filter(({ seq, messageId }) => bySeq.get(seq)?.messageId !== messageId)
    .map(
      ({ msgId, seq, messageId }) => `G1 ${id}: ${msgId} was acknowledged as ${messageId} at ${seq}; it is not there`,
    );
}

/** G2: everything sent is there exactly once (the load has waited for every ack). */
function sentOnce(id: string, views: Map<string, HistoryMessage[]>, sent: readonly Sent[]): string[] {
  const counts = new Map<string, number>();
  for (const { clientMsgId } of [...views.values()][0]!) {
    if (clientMsgId !== undefined) counts.set(clientMsgId, (counts.get(clientMsgId) ?? 0) + 1);
  }
  return sent
    .filter(({ conversationId }) => conversationId === id)
    .map(({ msgId }) => ({ msgId, count: counts.get(msgId) ?? 0 }))
    .filter(({ count }) => count !== 1)
    .map(({ msgId, count }) => `G2 ${id}: ${msgId} is there ${count} times`);
}

/** G5: without asking, every device was brought every message. */
export function findUndelivered(devices: readonly Device[], histories: Histories): string[] {
  return [...histories.byConversation].flatMap(([id, views]) =>
    devices.flatMap((device) => {
      const held = device.held.get(id)?.messages;
      const lacks = (views.get(device.userId) ?? []).filter(({ seq }) => !held?.has(seq)).map(({ seq }) => seq);
      return lacks.length > 0 ? [`G5 ${id}: ${device.name} was not brought ${lacks.join(" ")}`] : [];
    }),
  );
}

/** G6: after sync a device holds what a fresh one would see, from where it was told to begin. */
function devicesConverge(id: string, views: Map<string, HistoryMessage[]>, devices: readonly Device[]): string[] {
  return devices.flatMap((device) => {
    const truth = views.get(device.userId);
    if (!truth) return [];
    const held = device.held.get(id);
    if (!held) return truth.length === 0 ? [] : [`G6 ${id}: ${device.name} holds nothing`];
    return truth.flatMap((message) => {
      if (message.seq < held.floorSeq) return [];
      const mine = held.messages.get(message.seq);
      if (!mine) return [`G6 ${id}: ${device.name} lacks ${message.seq}`];
      const same = mine.messageId === message.messageId && mine.status === message.status && mine.text === message.text;
      return same ? [] : [`G6 ${id}: ${device.name} holds ${JSON.stringify(mine)} for ${JSON.stringify(message)}`];
    });
  });
}
