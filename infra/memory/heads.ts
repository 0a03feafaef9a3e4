import type { Head } from "../../actors/runtime/contract.ts";
import type { Heads } from "../../actors/runtime/ports.ts";

/** Heads kept beyond this are forgotten, oldest written first: an absent one is asked of its conversation. */
const maxHeads = 200_000;

export function createMemoryHeads(): Heads {
  const kept = new Map<string, Head>();
  return {
    async put(heads) {
      for (const [conversationId, head] of heads) {
        const known = kept.get(conversationId);
        if (known && known.version > head.version) continue;
        kept.delete(conversationId);
        kept.set(conversationId, head);
      }
      for (const oldest of kept.keys()) {
        if (kept.size <= maxHeads) break;
        kept.delete(oldest);
      }
    },
    async getMany(conversationIds) {
      const found = new Map<string, Head>();
      for (const id of conversationIds) {
        const head = kept.get(id);
        if (head) found.set(id, head);
      }
      return found;
    },
  };
}
