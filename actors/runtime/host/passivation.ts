// Passivates idle actors: after their time, and beyond `maxActivations` the longest idle first.
import type { Activation } from "../actor/activation.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { Clock } from "../ports.ts";
import type { ShardRuntime } from "../shard/shard-runtime.ts";
import type { RuntimeStats } from "../stats.ts";

/** Loaded in about 1 ms: such an actor may be passivated sooner than others. A user with 3 000 friends has 700 KB (20 ms). */
const cheapToLoadBytes = 32 * 1024;

export function passivateIdle(
  shards: Iterable<ShardRuntime>,
  { clock, limits, stats }: { clock: Clock; limits: RuntimeLimits; stats: RuntimeStats },
): void {
  const nowMs = clock.nowMs();
  const { maxActivations, passivateAfterMs } = limits;
  const isFull = stats.activations > maxActivations;
  const others: { shard: ShardRuntime; activation: Activation }[] = [];
  const passivate = (shard: ShardRuntime, activation: Activation) => {
    shard.forget(activation);
    stats.passivations += 1;
  };
  for (const shard of shards) {
    for (const activation of shard.activations.values()) {
      if (!activation.isIdle) continue;
      const { behaviour, snapshotDebt } = activation;
      const isCheap = snapshotDebt.lastBytes + snapshotDebt.bytes <= cheapToLoadBytes;
      const keptMs = Math.min((isCheap && behaviour.passivateAfterMs) || passivateAfterMs, passivateAfterMs);
      if (nowMs - activation.lastUsedMs >= keptMs) passivate(shard, activation);
      else if (isFull) others.push({ shard, activation });
    }
  }
  const surplus = stats.activations - maxActivations;
  if (surplus <= 0) return;
  others.sort((a, b) => a.activation.lastUsedMs - b.activation.lastUsedMs);
  for (const { shard, activation } of others.slice(0, surplus)) passivate(shard, activation);
}
