// Clients that leave, and devices that send at the same time.

import test from "ava";
import { eventually } from "../suites/eventually.ts";
import {
  completion,
  done,
  finish,
  heldAfter,
  json,
  role,
  silence,
  stallAfter,
  text,
  writes,
} from "../support/llm/openai-bytes.ts";
import type { Script } from "../support/llm/script.ts";
import { startV1 } from "../support/llm/v1-node.ts";
import { soonMs } from "../support/soon.ts";
import { registersAtChat } from "../support/surface-client.ts";

const begins = stallAfter(role + text("a"));

test("a client that leaves any route closes its upstream, and gives the only place of its key back", async (t) => {
  const { post, hello, upstream, owner, node } = await startV1(t, { limits: { parallel: 1 } });
  const picture = { model: "i", prompt: "a cat" };
  const requests: [string, object, Script][] = [
    ["/chat/completions", hello(), silence],
    ["/chat/completions", hello({ stream: true }), silence],
    ["/chat/completions", hello({ stream: true }), begins],
    ["/responses", { model: "m", input: "hi" }, silence],
    ["/responses", { model: "m", input: "hi", stream: true }, silence],
    ["/embeddings", { model: "e", input: "hi" }, silence],
    ["/images/generations", picture, silence],
  ];
  for (const [path, body, script] of requests) {
    const title = `${path} ${JSON.stringify(body)}`;
    upstream.next(script);
    const before = upstream.journal.length;
    const gone = new AbortController();
    const answer = post(path, body, { signal: gone.signal }).then((response) => response.text());
    answer.catch(() => {});
    await eventually(() => upstream.journal.length > before && upstream.journal.at(-1)!.body.length > 0);
    t.is((await post("/chat/completions", hello())).status, 429, `${title}: the key's only place is taken`);
    if (script === begins) await eventually(() => upstream.journal.at(-1)!.writes.length > 0);
    const leftMs = performance.now();
    gone.abort();
    const asked = upstream.journal[before]!;
    await eventually(() => asked.closedAtMs !== undefined);
    t.true(asked.closedAtMs! - leftMs < soonMs, title);
    t.true(asked.wasLeft, title);
    await eventually(async () => (await post("/chat/completions", hello())).status === 200);
  }
  const headers = { authorization: `Bearer ${owner.token}` };
  const usage = await fetch(`http://127.0.0.1:${node.port}/api/usage`, { headers });
  const { data } = (await usage.json()) as { data: { request_id?: string }[] };
  t.true(data.length >= requests.length);
});

test("two devices send at once on two surfaces: one is answered after the other, whose prompt has the first answer", async (t) => {
  const { node, upstream } = await startV1(t, { env: { OUTBOUND_ALLOW: "127.0.0.0/8" } });
  const alice = await registersAtChat(node, "alice");
  await alice.setsModel(upstream.url);
  const { id } = (await alice.posts("/conversations", { title: "Talk" })).body;
  const first = heldAfter(["answer "], ["A"]);
  upstream.next(first.script, (call) =>
    call.request.json().stream
      ? writes(role, text("answer B"), finish(), done)(call)
      : json(completion("answer B"))(call),
  );
  const socket = await alice.opens(`/ws/conversations/${id}?token=${alice.token}`);
  socket.sends({ type: "message", content: "A" });
  await socket.sees("chunk");
  const sent = await alice.posts(`/compat/image/api/sessions/${id}/messages`, { role: "user", text: "B" });
  t.true(sent.status < 300);
  t.is(upstream.journal.length, 1, "one reply at a time");
  first.goOn();
  await socket.sees("done", 2);
  const { messages } = (await alice.gets(`/conversations/${id}/messages`)).body;
  const told = messages.map(({ content }: { content: string }) => content);
  t.deepEqual(told.toSorted(), ["A", "B", "answer A", "answer B"]);
  t.true(told.indexOf("answer A") < told.indexOf("answer B"));
  const prompt = upstream.journal[1]!.json<{ messages: { role: string; content: string }[] }>().messages;
  t.deepEqual(
    prompt.filter(({ role: from }) => from !== "system").map(({ content }) => content),
    ["A", "answer A", "B"],
  );
});
