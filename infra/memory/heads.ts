import type { Head } from "../../actors/runtime/head.ts";
import type { Heads } from "../../actors/runtime/ports.ts";

/** Heads in memory: those written longest ago are dropped beyond `maxHeads` (0.5 KiB each); they are asked of the actor then. */
export function createMemoryHeads({ maxHeads = 200_000 }: { maxHeads?: number } = {}): Heads {
  const kept = new Map<string, Head>();
  return {
    async put(heads) {
      for (const [conversationId, head] of heads) {
        // A replay after a takeover must not set a list back.
        if ((kept.get(conversationId)?.version ?? 0) > head.version) continue;
        kept.delete(conversationId);
        kept.set(conversationId, head);
      }
      for (const conversationId of kept.keys()) {
        if (kept.size <= maxHeads) break;
        kept.delete(conversationId);
      }
    },
    offer(heads) {
      for (const [conversationId, head] of heads) {
        if (!kept.has(conversationId) && kept.size < maxHeads) kept.set(conversationId, head);
      }
    },
    async getMany(conversationIds) {
      const found = new Map<string, Head>();
      for (const conversationId of conversationIds) {
        const head = kept.get(conversationId);
        if (head) found.set(conversationId, head);
      }
      return found;
    },
  };
}
