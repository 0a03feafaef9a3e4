import { Device } from "./device.ts";
import type { Order } from "./orders.ts";
import { befriend, inParallel, registerUsers } from "./people.ts";
import type { LoadResult, Scenario } from "./scenarios.ts";

export interface TalkersPlan {
  /** The number of pairs. In each pair one user sends, waits for the answer, pauses, and sends again. */
  pairs: number;
  pauseMs: number;
}
interface Talker {
  conversationId: string;
  sender: Device;
  /** The longest time from a send to its answer in this round. */
  longestMs: number;
  reconnectsBefore: number;
  acked: number;
  isBusy: boolean;
}

/** Sends between the orders "talk" and "report"; reports each conversation's longest wait for an answer. */
export function talkers({ pairs, pauseMs }: TalkersPlan): Scenario {
  return {
    title: `${pairs} conversations, a send each ${pauseMs} ms`,
    unit: "message",
    async prepare(place) {
      const errors = new Map<string, number>();
      const users = await registerUsers(place, pairs * 2);
      const all = await inParallel(Array.from({ length: pairs }), 8, async (_, i): Promise<Talker> => {
        const [a, b] = [users[2 * i], users[2 * i + 1]];
        if (!a || !b) throw new Error("too few users");
        const conversationId = await befriend(place, a, b);
        const sender = await Device.connect(place, a, i, errors);
        await Device.connect(place, b, i + 1, errors);
        return { conversationId, sender, longestMs: 0, reconnectsBefore: 0, acked: 0, isBusy: false };
      });
      const round = { isTalking: false, sinceMs: 0 };
      return async (order?: Order) => {
        if (order?.kind === "report") {
          round.isTalking = false;
          await Promise.all(all.map((talker) => untilQuiet(talker)));
          return report(all, errors, (performance.now() - round.sinceMs) / 1_000);
        }
        Object.assign(round, { isTalking: true, sinceMs: performance.now() });
        errors.clear();
        for (const talker of all) void talk(talker, pauseMs, round);
        return { units: 0, seconds: 0 };
      };
    },
  };
}

async function talk(talker: Talker, pauseMs: number, round: { readonly isTalking: boolean }): Promise<void> {
  Object.assign(talker, { longestMs: 0, acked: 0, isBusy: true, reconnectsBefore: talker.sender.reconnects });
  talker.sender.unanswered = 0;
  while (round.isTalking) {
    const startMs = performance.now();
    await talker.sender.send(talker.conversationId);
    talker.longestMs = Math.max(talker.longestMs, performance.now() - startMs);
    talker.acked += 1;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  talker.isBusy = false;
}

async function untilQuiet(talker: Talker): Promise<void> {
  while (talker.isBusy) await new Promise((resolve) => setTimeout(resolve, 10));
}

function report(all: readonly Talker[], errors: ReadonlyMap<string, number>, seconds: number): LoadResult {
  const hasMoved = ({ sender, reconnectsBefore }: Talker) => sender.reconnects > reconnectsBefore;
  return {
    units: all.reduce((sum, { acked }) => sum + acked, 0),
    seconds,
    samples: {
      stayed: all.filter((talker) => !hasMoved(talker)).map(({ longestMs }) => longestMs),
      moved: all.filter(hasMoved).map(({ longestMs }) => longestMs),
    },
    notes: {
      errors: [...errors.values()].reduce((sum, count) => sum + count, 0),
      unanswered: all.reduce((sum, { sender }) => sum + sender.unanswered, 0),
      ...Object.fromEntries([...errors].map(([code, count]) => [`error ${code}`, count])),
    },
  };
}
