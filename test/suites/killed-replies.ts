// The real server as a process of its own is killed while models answer: every message that was taken gets its reply.
import type { ExecutionContext } from "ava";
import { role, stream, text } from "../support/llm/openai-bytes.ts";
import { startScriptedUpstream } from "../support/llm/scripted-upstream.ts";
import { freePort, startServer } from "../support/server-process.ts";
import { registersAtChat, type SurfaceClient } from "../support/surface-client.ts";
import { createTestFolder } from "../support/temp-folder.ts";
import { eventually } from "./eventually.ts";

/** After the server is ready again. */
const answeredMsMax = 25_000;
const patienceMs = 60_000;
const users = 5;

interface Message {
  sender: string;
  content: string;
}

export async function killedReplies(t: ExecutionContext, env: Record<string, string>): Promise<void> {
  const upstream = await startScriptedUpstream();
  t.teardown(() => upstream.close());
  const place = { dataDir: createTestFolder(t, "killed-replies"), port: await freePort() };
  const options = { ...place, env: { OUTBOUND_ALLOW: "127.0.0.0/8", ...env } };
  let server = await startServer(options);
  t.teardown(() => server.kill9());

  // Some answers have begun, some have not, and some messages wait behind another one.
  let isDead = false;
  upstream.always(async (call) => {
    if (isDead) return stream(["whole ", "answer"])(call);
    if (upstream.journal.length % 2 === 0) await call.write(role + text("half an ans"));
    await call.left;
  });
  const chats = await Promise.all(
    Array.from({ length: users }, async (_, n) => {
      const client = await registersAtChat(place, `killed${n}${Date.now() % 1_000_000}`);
      await client.setsModel(upstream.url);
      const { id } = (await client.posts("/conversations", { title: "Talk" })).body;
      const path = `/conversations/${id}/messages`;
      for (const content of ["one", "two"].slice(0, 1 + (n % 2)))
        t.is((await client.posts(path, { content })).status, 200);
      return { client, path };
    }),
  );
  await eventually(() => upstream.journal.length >= users, patienceMs);
  await server.kill9();
  isDead = true;
  server = await startServer(options);
  const readyMs = performance.now();
  for (const [n, { client, path }] of chats.entries()) {
    const expected = ["one", "two"].slice(0, 1 + (n % 2)).length * 2;
    await eventually(async () => (await messagesOf(client, path)).length >= expected, patienceMs);
  }
  t.log(`answered ${Math.round(performance.now() - readyMs)} ms after the start`);
  t.true(performance.now() - readyMs < answeredMsMax);
  for (const { client, path } of chats) {
    const messages = await messagesOf(client, path);
    const answers = messages.filter(({ sender }) => sender === "ai");
    t.deepEqual(
      answers.map(({ content }) => content),
      messages.filter(({ sender }) => sender === "user").map(() => "whole answer"),
    );
  }
}

async function messagesOf(client: SurfaceClient, path: string): Promise<Message[]> {
  const { status, body } = await client.gets(path);
  return status === 200 ? body.messages : [];
}
