import { type ActorRules, actorRules } from "../actor/actor-shard.ts";
import { type LogRules, logRules } from "../log/log-rules.ts";
import { type ShardRules, shardRules } from "../shard/shard-rules.ts";

/**
 * Rules of the runtime that are functions of their own. Only the simulation replaces them, one at a time, to prove that its
 * checker notices the loss of each; a test holds that nothing else does.
 */
export interface RuntimeRules extends LogRules, ShardRules, ActorRules {}

export const runtimeRules: RuntimeRules = { ...logRules, ...shardRules, ...actorRules };
