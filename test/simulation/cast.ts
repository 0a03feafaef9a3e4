// The cast of a run: three users with nine devices, a group and a pair, on few shards, so that a run costs milliseconds.
// Each conversation has its own shard: reads of it do not wait for commits of other actors.
import { shardOf } from "../../actors/runtime/sharding.ts";
import type { DeviceType } from "../../actors/session/contract.ts";
import { groupConversationId, pairId } from "../../actors/shared/ids.ts";

export interface Character {
  readonly name: string;
  readonly userId: string;
  readonly conversations: readonly string[];
  /** Reads only, and stays at its gateway as long as the gateway answers. */
  readonly isReader?: true;
}

export const hostNames: readonly string[] = ["h1", "h2", "h3"];
/** First-ranked at h1 and h3. */
const groupShard = 83;
const pairShard = 141;
/** Shards of users, sessions and ledgers: both are first-ranked at h2. */
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

/** Devices with a socket at the real gateway; they receive only. */
export const listeners: readonly { name: string; userId: string; deviceType: DeviceType }[] = [
  { name: "ben.pad", userId: ben, deviceType: "Pad" },
  { name: "cyd.pad", userId: cyd, deviceType: "Pad" },
];

/** By user, the key of the ledger that counts their sends. */
export const ledgerKeys: ReadonlyMap<string, string> = new Map([
  [ann, `ledger ${ann} 58`],
  [ben, `ledger ${ben} 0`],
  [cyd, `ledger ${cyd} 52`],
]);

const areShardsRight =
  shardOf("conversation", group) === groupShard &&
  shardOf("conversation", pair) === pairShard &&
  userIds.every((id) => otherShards.includes(shardOf("user", id)) && otherShards.includes(shardOf("session", id))) &&
  [...ledgerKeys.values()].every((key) => otherShards.includes(shardOf("handle", key)));
if (!areShardsRight) throw new Error("The hash of addresses changed: search user and group ids for these shards again");
