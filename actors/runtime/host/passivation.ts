// Puts idle actors to sleep: after their time, and beyond `maxActivations` the longest idle first.

import type { Activation } from "../actor/activation.ts";
import type { ShardRuntime } from "../shard/shard-runtime.ts";
import type { ShardHost } from "../shard-host.ts";

/** Loaded in about 1 ms: such an actor may sleep sooner than others. A user with 3 000 friends has 700 KB (20 ms). */
const cheapToLoadBytes = 32 * 1024;

export function putIdleToSleep(shards: Iterable<ShardRuntime>, { ports, limits, stats }: ShardHost): void {
  const nowMs = ports.clock.nowMs();
  const { maxActivations, passivateAfterMs } = limits;
  const isFull = stats.activations > maxActivations;
  const others: { shard: ShardRuntime; activation: Activation }[] = [];
  const putToSleep = (shard: ShardRuntime, activation: Activation) => {
    shard.forget(activation);
    stats.passivations += 1;
  };
  for (const shard of shards) {
    for (const activation of shard.activations.values()) {
      if (!activation.isIdle) continue;
      const { behaviour, snapshotBytes, bytesSinceSnapshot } = activation;
      const isCheap = snapshotBytes + bytesSinceSnapshot <= cheapToLoadBytes;
      const keptMs = Math.min((isCheap && behaviour.passivateAfterMs) || passivateAfterMs, passivateAfterMs);
      if (nowMs - activation.lastUsedMs >= keptMs) putToSleep(shard, activation);
      else if (isFull) others.push({ shard, activation });
    }
  }
  const surplus = stats.activations - maxActivations;
  if (surplus <= 0) return;
  others.sort((a, b) => a.activation.lastUsedMs - b.activation.lastUsedMs);
  for (const { shard, activation } of others.slice(0, surplus)) putToSleep(shard, activation);
}
