// Who plays: three users with seven devices, a group and a pair, on few shards, so that a run costs milliseconds.
// Each conversation has a shard of its own: what only looks at it is then not held back by what others decide beside it.
import { shardOf } from "../../actors/runtime/sharding.ts";
import type { DeviceType } from "../../actors/session/contract.ts";
import { groupConversationId, pairId } from "../../actors/shared/ids.ts";

export interface Character {
  readonly name: string;
  readonly userId: string;
  readonly conversations: readonly string[];
  /** Only looks, and stays with its gateway as long as that answers. */
  readonly isReader?: true;
}

export const hostNames: readonly string[] = ["h1", "h2", "h3"];
/** First-ranked at h1 and h3. */
const groupShard = 83;
const pairShard = 141;
/** Of users, sessions and ledgers: both first-ranked at h2. */
const otherShards: readonly number[] = [5, 230];
export const shards: readonly number[] = [groupShard, pairShard, ...otherShards];

/** Found by search, so that every actor lives on these shards. */
const ann = "1009877";
const ben = "8846374";
const cyd = "9009343";
export const users = { ann, ben, cyd };
export const userIds: readonly string[] = Object.values(users);
export const group = groupConversationId("4000086");
export const pair = pairId(ann, ben);
export const conversations: readonly string[] = [group, pair];

export const devices: readonly Character[] = [
  { name: "ann.phone", userId: ann, conversations },
  { name: "ann.web", userId: ann, conversations },
  { name: "ben.phone", userId: ben, conversations },
  { name: "cyd.phone", userId: cyd, conversations: [group] },
  { name: "ann.tv", userId: ann, conversations: [pair], isReader: true },
  { name: "ben.tv", userId: ben, conversations: [group], isReader: true },
  { name: "cyd.tv", userId: cyd, conversations: [group], isReader: true },
];

/** Devices on real sockets of the real gateways; they only listen. */
export const listeners: readonly { name: string; userId: string; deviceType: DeviceType }[] = [
  { name: "ben.pad", userId: ben, deviceType: "Pad" },
  { name: "cyd.pad", userId: cyd, deviceType: "Pad" },
];

/** Where the sends of a user are counted, each exactly once. */
export const ledgerKeys: ReadonlyMap<string, string> = new Map([
  [ann, `ledger ${ann} 58`],
  [ben, `ledger ${ben} 0`],
  [cyd, `ledger ${cyd} 52`],
]);

const isWellCast =
  shardOf("conversation", group) === groupShard &&
  shardOf("conversation", pair) === pairShard &&
  userIds.every((id) => otherShards.includes(shardOf("user", id)) && otherShards.includes(shardOf("session", id))) &&
  [...ledgerKeys.values()].every((key) => otherShards.includes(shardOf("handle", key)));
if (!isWellCast) throw new Error("Placement changed: the cast must be searched again");
