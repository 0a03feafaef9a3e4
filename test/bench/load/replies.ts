import { Latencies } from "./latency.ts";
import { type LiteSocket, openLiteSocket } from "./lite-socket.ts";
import { inParallel } from "./people.ts";
import type { LoadResult, Scenario } from "./scenarios.ts";

export interface RepliesPlan {
  /** Conversations, each with one reply at a time. */
  width: number;
  /** Messages of each conversation, in one run and before the first one. */
  messages: number;
  warmUp: number;
}

/** Durable replies, as users of the one-to-one chat get them: a message over the socket, then the pieces of the answer. */
export function replies(plan: RepliesPlan): Scenario {
  return {
    title: `durable replies, ${plan.width} in flight`,
    unit: "reply",
    async prepare({ ports, run }) {
      const port = ports[0] ?? 0;
      const users = await inParallel(Array.from({ length: plan.width }), 4, async (_, i) => {
        const user = { username: `${run}-${i}`, email: `${run}-${i}@example.test`, password: "Passw0rd1" };
        await post(port, "/auth/register", user);
        const login = { username_or_email: user.email, password: user.password };
        return (await post<{ access_token: string }>(port, "/auth/login", login)).access_token;
      });
      await talk(port, users, plan.warmUp);
      return () => talk(port, users, plan.messages);
    },
  };
}

/** Each run has conversations of its own, so that prompts are as long in every run. */
async function talk(port: number, tokens: readonly string[], messages: number): Promise<LoadResult> {
  const sockets = await inParallel(tokens, 4, async (token) => {
    const { id } = await post<{ id: number }>(port, "/conversations", { title: "bench" }, token);
    return openLiteSocket(port, `/ws/conversations/${id}?token=${token}`);
  });
  const whole = new Latencies();
  const first = new Latencies();
  const startMs = performance.now();
  await Promise.all(
    sockets.map(async (socket) => {
      for (let n = 0; n < messages; n += 1) await ask(socket, n, whole, first);
    }),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  for (const socket of sockets) socket.close();
  return {
    units: whole.count,
    seconds,
    p50Ms: whole.quantile(0.5),
    p99Ms: whole.quantile(0.99),
    notes: { firstP50Ms: first.quantile(0.5), firstP99Ms: first.quantile(0.99) },
  };
}

function ask(socket: LiteSocket, n: number, whole: Latencies, first: Latencies): Promise<void> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    let hasBegun = false;
    socket.onClose = (code) => reject(new Error(`closed with ${code}`));
    socket.onFrame = (payload) => {
      const text = payload.toString("latin1");
      if (text.startsWith('{"type":"chunk"') && !hasBegun) {
        hasBegun = true;
        first.add(performance.now() - startMs);
      } else if (text.startsWith('{"type":"done"')) {
        whole.add(performance.now() - startMs);
        resolve();
      } else if (text.startsWith('{"type":"error"')) reject(new Error(text));
    };
    socket.send(
      JSON.stringify({ type: "message", content: `question ${n}: ${"tell me more about the sea. ".repeat(4)}` }),
    );
  });
}

async function post<T>(port: number, path: string, body: object, token?: string): Promise<T> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
