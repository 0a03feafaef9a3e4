// Who plays: three users with four devices, a group and a pair, on few shards, so that a run costs milliseconds.
import type { Kind } from "../../actors/runtime/kinds.ts";
import { shardOf } from "../../actors/runtime/placement.ts";
import { groupConversationId, pairId } from "../../actors/shared/ids.ts";

/** First-ranked at different ones of the three hosts. */
export const shards: readonly number[] = [5, 83, 141, 230];
export const hostNames: readonly string[] = ["h1", "h2", "h3"];

const isNear = (kind: Kind, key: string) => shards.includes(shardOf(kind, key));

function findId(from: number, fits: (id: string) => boolean): string {
  for (let n = from; ; n += 1) if (fits(String(n))) return String(n);
}
const isUser = (id: string) => isNear("user", id) && isNear("session", id);
const ann = findId(1_000_000, isUser);
const ben = findId(2_000_000, (id) => isUser(id) && isNear("conversation", pairId(ann, id)));
const cyd = findId(3_000_000, isUser);

export const users = { ann, ben, cyd };
export const userIds: readonly string[] = Object.values(users);
export const pair = pairId(ann, ben);
export const group = groupConversationId(
  findId(4_000_000, (id) => {
    const shard = shardOf("conversation", groupConversationId(id));
    return shards.includes(shard) && shard !== shardOf("conversation", pair);
  }),
);
export const devices: readonly { name: string; userId: string; conversations: readonly string[] }[] = [
  { name: "ann.phone", userId: ann, conversations: [group, pair] },
  { name: "ann.web", userId: ann, conversations: [group, pair] },
  { name: "ben.phone", userId: ben, conversations: [group, pair] },
  { name: "cyd.phone", userId: cyd, conversations: [group] },
];
export const conversations: readonly string[] = [group, pair];

/** Where the sends of a user are counted, each exactly once. */
export const ledgerKeys: ReadonlyMap<string, string> = new Map(
  userIds.map((userId) => [userId, `ledger ${userId} ${findId(0, (n) => isNear("handle", `ledger ${userId} ${n}`))}`]),
);
