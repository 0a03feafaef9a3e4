import type { Head } from "../../actors/runtime/head.ts";
import type { Heads } from "../../actors/runtime/ports.ts";

/**
 * At most `maxHeads` heads (0.5 KiB each): beyond that the heads written longest ago are dropped, and lists ask their
 * actors.
 */
export function createMemoryHeads({ maxHeads = 200_000 }: { maxHeads?: number } = {}): Heads {
  const kept = new Map<string, Head>();
  return {
    async put(heads) {
      for (const [conversationId, head] of heads) {
        // A new owner replays old commits, which must not replace a newer head.
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
