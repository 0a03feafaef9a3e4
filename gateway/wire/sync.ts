import type { ConversationChange } from "../../actors/conversation/contract.ts";
import type { SyncChange, SyncedItem, SyncResult } from "../../actors/reading/contract.ts";
import { recordOnWire } from "./call.ts";
import { addressOnWire, messageOnWire } from "./message.ts";
import type { WireSync } from "./shapes/sync.ts";

/** The answer to SYNC and POST /sync: applied in order, it leads any device to the state of a fresh one (G6). */
export function syncOnWire(result: SyncResult): WireSync {
  const { cursor, vector, hasMore, full, storeId } = result;
  const changes = result.changes.map(changeOnWire) as WireSync["changes"];
  return { changes, cursor, vector, hasMore, full, storeId };
}

function changeOnWire(change: SyncChange): Record<string, unknown> {
  if (change.type === "conversation_left") return { type: change.type, ...addressOnWire(change.conversationId) };
  if (change.type === "user") return { ...change, items: change.items.map(itemOnWire) };
  const { conversationId, messages, changes, ...numbers } = change;
  return {
    ...numbers,
    ...addressOnWire(conversationId),
    messages: messages.map(messageOnWire),
    changes: changes.map(({ version, change: each }) => ({ version, ...eventOnWire(each) })),
  };
}

/** Versioned events other than sends: `atMs` is `timestamp` on the wire. */
export function eventOnWire({ atMs, ...event }: ConversationChange): Record<string, unknown> {
  return { ...event, timestamp: atMs };
}

function itemOnWire({ updatedAtMs, ...item }: SyncedItem): Record<string, unknown> {
  if (item.type === "call") return { ...item, call: item.call && recordOnWire(item.call), updatedAt: updatedAtMs };
  if (item.type !== "invitation" && item.type !== "join_request") {
    return { ...withWireTimes(item), updatedAt: updatedAtMs };
  }
  const { conversationId, ...invitation } = item;
  const { sessionId, groupId } = addressOnWire(conversationId);
  return { ...withWireTimes(invitation), sessionId, groupId, updatedAt: updatedAtMs };
}

/** `createdAtMs` → `createdAt`: times on the wire are always ms, so their names carry no unit. */
function withWireTimes(value: object): Record<string, unknown> {
  const renamed: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(value)) {
    const isPlain = typeof each === "object" && each !== null && !Array.isArray(each);
    renamed[name.replace(/AtMs$/, "At").replace(/^sinceMs$/, "since")] = isPlain ? withWireTimes(each) : each;
  }
  return renamed;
}
