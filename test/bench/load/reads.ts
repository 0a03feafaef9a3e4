import { Latencies } from "./latency.ts";
import type { BenchUser, Place } from "./people.ts";
import { befriend, callRest, connectUser, inParallel, portOf, registerUsers } from "./people.ts";
import type { Scenario } from "./scenarios.ts";

/** Sends `count` messages from a to b, with 32 outstanding. */
async function fill(place: Place, a: BenchUser, b: BenchUser, count: number): Promise<string> {
  const conversationId = await befriend(place, a, b);
  const socket = await connectUser(place, a);
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    let acked = 0;
    const sendOne = () => {
      if (sent >= count) return;
      sent += 1;
      socket.send(
        JSON.stringify({
          type: "SEND_MESSAGE",
          msgId: `f${sent}`,
          data: { sessionId: conversationId, contentType: "text", content: `message ${sent} ${"x".repeat(100)}` },
        }),
      );
    };
    socket.onFrame = (payload) => {
      if (payload.indexOf('"ERROR"') >= 0) reject(new Error(payload.toString()));
      if (payload.indexOf('"SEND_ACK"') < 0) return;
      acked += 1;
      if (acked === count) resolve();
      else sendOne();
    };
    for (let i = 0; i < 32; i += 1) sendOne();
  });
  socket.close();
  return conversationId;
}

export function historyPages(plan: { messages: number; pages: number; limit: number }): Scenario {
  return {
    title: `history pages of ${plan.limit}`,
    unit: "page",
    async prepare(place) {
      const [a, b] = await registerUsers(place, 2);
      const conversationId = await fill(place, a!, b!, plan.messages);
      return async () => {
        const latencies = new Latencies();
        const startMs = performance.now();
        await inParallel(Array.from({ length: plan.pages }), 8, async (_, i) => {
          const startSeq = plan.limit + ((i * 37) % (plan.messages - plan.limit));
          const sentMs = performance.now();
          await callRest(
            portOf(place),
            "GET",
            `/messages/history?sessionId=${conversationId}&sessionType=single&startSeq=${startSeq}&limit=${plan.limit}`,
            b!.token,
          );
          latencies.add(performance.now() - sentMs);
        });
        return {
          units: plan.pages,
          seconds: (performance.now() - startMs) / 1_000,
          p50Ms: latencies.quantile(0.5),
          p99Ms: latencies.quantile(0.99),
        };
      };
    },
  };
}

/** A device that missed `missed` messages syncs page by page. */
export function syncAfterMissed(plan: { missed: number; rounds: number }): Scenario {
  return {
    title: `sync after ${plan.missed} missed messages`,
    unit: "sync",
    async prepare(place) {
      const [a, b] = await registerUsers(place, 2);
      // The vector of a device that knows the conversation, and none of its messages.
      const conversationId = await fill(place, a!, b!, plan.missed);
      const socket = await connectUser(place, b!, "&sync=client");
      return async () => {
        const latencies = new Latencies();
        const startMs = performance.now();
        let messages = 0;
        for (let round = 0; round < plan.rounds; round += 1) {
          const sentMs = performance.now();
          const vector = { [conversationId]: 1 };
          let userVersion = 0;
          for (let hasMore = true; hasMore; ) {
            const answer = await ask(socket, { type: "SYNC", msgId: `s${round}`, data: { vector, userVersion } });
            hasMore = answer.hasMore;
            for (const { type, version, messages: brought } of answer.changes) {
              messages += brought?.length ?? 0;
              if (type === "user") userVersion = version;
              else vector[conversationId] = version;
            }
          }
          latencies.add(performance.now() - sentMs);
        }
        const perSync = Math.round(messages / plan.rounds);
        return {
          units: plan.rounds,
          seconds: (performance.now() - startMs) / 1_000,
          p50Ms: latencies.quantile(0.5),
          p99Ms: latencies.quantile(0.99),
          notes: { messagesPerSync: perSync },
        };
      };
    },
  };
}

interface SyncAnswer {
  changes: { type: string; version: number; messages?: unknown[] }[];
  hasMore: boolean;
}
function ask(socket: Awaited<ReturnType<typeof connectUser>>, frame: unknown): Promise<SyncAnswer> {
  return new Promise((resolve, reject) => {
    socket.onFrame = (payload) => {
      const answer = JSON.parse(payload.toString()) as { type: string; data: SyncAnswer };
      if (answer.type === "SYNC_RESULT") resolve(answer.data);
      else if (answer.type === "ERROR") reject(new Error(payload.toString()));
    };
    socket.send(JSON.stringify(frame));
  });
}
