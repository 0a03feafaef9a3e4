// Quotes on every path of the read side, over random histories.
import test from "ava";
import { quoteOf } from "../../actors/conversation/chat/quote.ts";
import type { VisibleMessage } from "../../actors/reading/contract.ts";
import type { Quote } from "../../actors/shared/message.ts";
import { RandomLife } from "../support/random-life.ts";
import { alice, bob, carol, type ReadingWorld, startWorld } from "../support/reading-world.ts";
import { createSeededRandom } from "../support/seeded-random.ts";

async function wholeHistory(world: ReadingWorld, conversationId: string): Promise<VisibleMessage[]> {
  const messages: VisibleMessage[] = [];
  for (let startSeq = 0; ; ) {
    const input = { userId: bob, conversationId, startSeq, limit: 50, direction: "backward" as const };
    const page = await world.reading.history(input);
    messages.unshift(...page.messages);
    if (!page.hasMore) return messages;
    startSeq = messages[0]!.seq - 1;
  }
}

const withoutName = (quote: Quote | undefined) => quote && { ...quote, senderName: "" };

test("a quote is what its reader sees of the quoted message, and there is none of a message the reader cannot see", async (t) => {
  let compared = 0;
  for (let seed = 1; seed <= 8; seed += 1) {
    const random = createSeededRandom(seed);
    const world = startWorld();
    const chats = [world.addPair(alice, bob, 40), world.addGroup("50", [alice, bob, carol], 40)];
    const life = new RandomLife(world, random, chats);
    for (let step = 0; step < 300; step += 1) {
      life.step();
      if (random.below(4) === 0) for (const chat of chats) chat.project(random.below(chat.records.length + 1));
      if (step % 100 !== 99) continue;
      const { changes } = await world.reading.sync({
        ...{ userId: bob, deviceId: "", from: { vector: { userVersion: 0, conversations: {} } } },
        ...{ maxMessages: 1_000, maxBytes: 1e9 },
      });
      for (const { id, isDisbanded, members } of chats) {
        if (isDisbanded || !members.has(bob)) continue;
        const history = await wholeHistory(world, id);
        const seen = new Map(history.map((message) => [message.messageId, message]));
        const synced = changes.flatMap((change) =>
          change.type === "conversation" && change.conversationId === id ? change.messages : [],
        );
        for (const message of [...history, ...synced]) {
          const { replyTo, content, quote } = message;
          const quoted = replyTo !== undefined && content !== null ? seen.get(replyTo) : undefined;
          t.deepEqual(withoutName(quote), withoutName(quoted && quoteOf(quoted)), `seed ${seed}, ${message.seq}`);
          if (quote) compared += 1;
        }
      }
    }
  }
  t.true(compared > 200, `${compared}`);
});
