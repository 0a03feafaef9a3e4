// Models in the conversations of a cluster: three hosts, whose gateways show the same replies. Temporal runs the replies.

import { setTimeout as pause } from "node:timers/promises";
import { keyFreshMs } from "../../actors/keyring/contract.ts";
import { connectWorkflows } from "../../workflows/client.ts";
import { eventually } from "../suites/eventually.ts";
import { ImageClient } from "../support/image-client.ts";
import { type ModelCluster, startModelCluster } from "../support/llm/model-cluster.ts";
import { heldAfter, stream } from "../support/llm/openai-bytes.ts";
import { needs } from "../support/needs.ts";
import { Person } from "../support/person.ts";
import { turnedPhoto } from "../support/pictures.ts";
import { soonMs } from "../support/soon.ts";
import { SurfaceClient } from "../support/surface-client.ts";
import type { TestFrame } from "../support/test-device.ts";

const test = needs("cassandra", "nats", "redis", "s3", "temporal");
const patienceMs = 30_000;
const patienceOfOneRequestMs = 500;
const administrator = { username: "root", password: "correct horse battery" };
const hello = { model: "m", messages: [{ role: "user", content: "by a program" }] };
let cluster: ModelCluster;
const one = () => cluster.host("one");
const two = () => cluster.host("two");
const three = () => cluster.host("three");

test.before(async () => {
  cluster = await startModelCluster({
    hosts: { one: ["actors", "workflows", "gateway"], two: ["actors", "gateway"], three: ["gateway"] },
    env: { ADMIN_USERNAME: administrator.username, ADMIN_PASSWORD: administrator.password },
  });
});
test.after.always(() => cluster?.close());

/** The same user at a surface of another gateway. */
function at(host: { port: number }, person: Person, base = ""): SurfaceClient {
  const client = new SurfaceClient(host, { base });
  client.token = person.token;
  client.userId = person.userId;
  return client;
}
const isAnswer = ({ data }: TestFrame) => data.contentType === "assistant";

/** So that all requests of a second fit into one page of the log. */
const askEveryMs = 50;

test.serial(
  "a message of the one-to-one chat and its answer are seen on every surface of every gateway, once",
  async (t) => {
    const alice = await Person.registers(one(), "alice");
    const desk = await alice.at(two()).connects();
    const chat = at(one(), alice);
    await chat.setsModel(cluster.upstream.url);
    const { id } = (await chat.posts("/conversations", { title: "Hens" })).body;
    const socket = await at(three(), alice).opens(`/ws/conversations/${id}?token=${alice.token}`);
    const image = at(two(), alice, "/compat/image");
    const editor = await image.opens(`/ws/${id}?userId=${alice.userId}&token=${alice.token}`);
    await editor.sees("connected");
    cluster.upstream.next(stream(["Why did ", "the hen ", "cross?"]));
    socket.sends({ type: "message", content: "A joke, please" });
    await socket.sees("done");
    const chunks = socket.frames.filter(({ type }) => type === "chunk").map(({ content }) => content);
    t.is(chunks.join(""), "Why did the hen cross?");
    const answer = await desk.sees("NEW_MESSAGE", isAnswer);
    t.like(answer.data, { content: { text: "Why did the hen cross?", status: "completed" } });
    await editor.sees("message", 2);
    t.deepEqual(
      editor.frames.filter(({ type }) => type === "message").map(({ payload }) => [payload.role, payload.text]),
      [
        ["user", "A joke, please"],
        ["assistant", "Why did the hen cross?"],
      ],
    );
    const nextchat = at(three(), alice, "/compat/nextchat");
    const listed = async () => (await nextchat.gets(`/api/sessions/${id}/messages`)).body.data;
    await eventually(async () => (await listed()).length === 2);
    t.deepEqual(
      (await listed()).map(({ role: by, content }: { role: string; content: string }) => [by, content]),
      [
        ["user", "A joke, please"],
        ["assistant", "Why did the hen cross?"],
      ],
    );
    t.is(desk.seen("NEW_MESSAGE").length, 2, "the own message and the answer");
    await using workflows = await connectWorkflows({ address: cluster.temporal });
    const found = () => workflows.processes.list({ userId: alice.userId, kind: "reply" });
    await eventually(async () => (await found())[0]?.status === "COMPLETED", patienceMs);
    t.is((await found()).length, 1);
    t.regex((await found())[0]!.key, /^reply:\d+$/);
  },
);

async function opensChat(person: Person): Promise<string> {
  const chat = at(one(), person);
  await chat.setsModel(cluster.upstream.url);
  return String((await chat.posts("/conversations", { title: "Talk" })).body.id);
}
const chunksOf = (socket: { frames: { type?: string; content?: string }[] }) =>
  socket.frames.filter(({ type }) => type === "chunk").map(({ content }) => content);

test.serial("a viewer at another gateway goes on from any number of a reply that runs", async (t) => {
  const bob = await Person.registers(two(), "bob");
  const id = await opensChat(bob);
  const pieces = Array.from({ length: 12 }, (_, n) => `piece ${n + 1}. `);
  const story = heldAfter(pieces);
  cluster.upstream.next(story.script);
  const socketPath = (offset: number) => `/ws/conversations/${id}?token=${bob.token}&offset=${offset}`;
  const first = await at(one(), bob).opens(socketPath(0));
  first.sends({ type: "message", content: "A story" });
  await eventually(() => chunksOf(first).join("") === pieces.join(""), patienceMs);
  const count = chunksOf(first).length;
  first.close();
  for (let offset = 0; offset <= count; offset += 1) {
    const viewer = await at(offset % 2 ? two() : three(), bob).opens(socketPath(offset));
    const rest = () => chunksOf(viewer).join("");
    await eventually(() => rest() === chunksOf(first).slice(offset).join(""));
    viewer.close();
  }
  const last = await at(three(), bob).opens(socketPath(count));
  story.goOn();
  await last.sees("done");
  t.deepEqual(chunksOf(last), []);
  const { messages } = (await at(two(), bob).gets(`/conversations/${id}/messages`)).body;
  t.deepEqual(
    messages.map(({ content }: { content: string }) => content),
    ["A story", pieces.join("")],
  );
});

test.serial(
  "a stop at another gateway closes the upstream at once and ends the reply with what was written",
  async (t) => {
    const carol = await Person.registers(three(), "carol");
    const id = await opensChat(carol);
    const phone = await carol.at(two()).connects();
    const viewer = await at(two(), carol).opens(`/ws/conversations/${id}?token=${carol.token}`);
    const closedAfterMs: number[] = [];
    for (let n = 1; n <= 5; n += 1) {
      const story = heldAfter(["Once ", "upon "]);
      cluster.upstream.next(story.script);
      const before = chunksOf(viewer).length;
      const message = { sessionId: `a_${id}`, contentType: "text", content: `story ${n}` };
      const { data: sent } = await phone.asks("SEND_MESSAGE", message);
      await eventually(() => chunksOf(viewer).slice(before).join("") === "Once upon ", patienceMs);
      const asked = cluster.upstream.journal.at(-1)!;
      const stoppedMs = performance.now();
      t.true((await carol.at(three()).posts(`/replies/${sent.replyId}/stop`)).data.isStopped);
      await viewer.sees("done", n);
      await eventually(() => asked.closedAtMs !== undefined);
      closedAfterMs.push(asked.closedAtMs! - stoppedMs);
      t.true(asked.wasLeft);
      const again = await carol.at(one()).posts(`/replies/${sent.replyId}/stop`);
      t.false(again.data.isStopped, "it is over");
    }
    t.log(`closed after ${closedAfterMs.map(Math.round).join(", ")} ms`);
    t.true(closedAfterMs.toSorted((a, b) => a - b)[2]! < soonMs, String(closedAfterMs));
    const { messages } = (await at(one(), carol).gets(`/conversations/${id}/messages`)).body;
    t.is(messages.filter(({ content }: { content: string }) => content === "Once upon ").length, 5);
  },
);

test.serial("a key that is disabled at one gateway is refused by all of them within a second", async (t) => {
  const root = new SurfaceClient(one());
  root.token = (await root.posts("/admin/login", administrator)).body.token;
  const made = (await root.posts("/admin/api-keys", { name: "program" })).body;
  const gateways = [one(), two(), three()];
  const ask = async (host: { port: number }) => {
    const program = new SurfaceClient(host);
    program.token = made.key;
    return (await program.posts("/v1/chat/completions", hello)).status;
  };
  t.deepEqual(await Promise.all(gateways.map(ask)), [200, 200, 200]);
  const disabledMs = performance.now();
  t.is((await root.asks("PATCH", `/admin/api-keys/${made.id}`, { is_active: false })).status, 200);
  const refusedAt = await Promise.all(
    gateways.map(async (host) => {
      await eventually(async () => {
        await pause(askEveryMs);
        return (await ask(host)) === 401;
      });
      return performance.now() - disabledMs;
    }),
  );
  t.log(`refused after ${refusedAt.map(Math.round).join(", ")} ms`);
  for (const ms of refusedAt) t.true(ms < keyFreshMs + patienceOfOneRequestMs, String(refusedAt));
  const logs = async (host: { port: number }) => {
    const other = new SurfaceClient(host);
    other.token = root.token;
    const { body } = await other.gets("/admin/logs?limit=200");
    return body.logs.filter((row: { api_key_id: number }) => row.api_key_id === made.id);
  };
  const asked = cluster.upstream.journal.filter(({ body }) => body.includes("by a program")).length;
  for (const host of gateways) {
    await eventually(async () => (await logs(host)).length === asked, patienceMs);
    t.deepEqual(new Set((await logs(host)).map((row: { status_code: number }) => row.status_code)), new Set([200]));
  }
});

test.serial("a picture goes to the bucket at one gateway, is edited, and its answer is shown by another", async (t) => {
  const dora = await Person.registers(one(), "dora");
  const image = at(two(), dora, "/compat/image");
  await image.puts("/auth/config", { model_url: cluster.upstream.url, model_name: "m-1", api_key: "sk-test" });
  const sessionId = (await at(two(), dora, "/compat/image").posts("/api/sessions", {})).body.id;
  const photo = { field: "image", bytes: await turnedPhoto(6) };
  const uploaded = await new ImageClient(one(), dora.token).uploads([photo], { sessionId, type: "uploaded" });
  t.is(uploaded.status, 200, JSON.stringify(uploaded.body));
  const sent = await at(three(), dora, "/compat/image").posts(`/api/sessions/${sessionId}/messages`, {
    ...{ role: "user", text: "make it blue", imageIds: [uploaded.body.id] },
  });
  t.is(sent.status, 200, JSON.stringify(sent.body));
  const generated = async () => {
    const { body } = await new ImageClient(three(), dora.token).gets(`session/${sessionId}?type=generated`);
    return body.images;
  };
  await eventually(async () => (await generated()).length === 1, patienceMs);
  const [{ path }] = await generated();
  for (const host of [one(), two(), three()]) {
    const address = new URL(path);
    const answer = await new ImageClient(host, dora.token).reads(address.pathname);
    t.is(answer.status, 200);
    t.true((await answer.arrayBuffer()).byteLength > 0);
  }
  t.is(cluster.upstream.journal.filter(({ path: asked }) => asked === "/v1/images/edits").length, 1);
  await using workflows = await connectWorkflows({ address: cluster.temporal });
  for (const kind of ["upload", "edit"] as const) {
    const found = () => workflows.processes.list({ userId: dora.userId, kind });
    await eventually(async () => (await found()).some(({ status }) => status === "COMPLETED"), patienceMs);
    t.true((await found()).every(({ key }) => key.startsWith(`${kind}:`)));
  }
});

test.serial("an operator ends a reply that runs, and a chat without a title gets one", async (t) => {
  const erin = await Person.registers(two(), "erin");
  const chat = at(two(), erin);
  await chat.setsModel(cluster.upstream.url);
  const { id } = (await chat.posts("/conversations")).body;
  const viewer = await at(three(), erin).opens(`/ws/conversations/${id}?token=${erin.token}`);
  viewer.sends({ type: "message", content: "Hello" });
  await viewer.sees("done");
  await using workflows = await connectWorkflows({ address: cluster.temporal });
  const titles = () => workflows.processes.list({ userId: erin.userId, kind: "title" });
  await eventually(async () => (await titles())[0]?.status === "COMPLETED", patienceMs);
  const story = heldAfter(["Once "]);
  cluster.upstream.next(story.script);
  viewer.sends({ type: "message", content: "A story" });
  await eventually(() => chunksOf(viewer).at(-1) === "Once ");
  const running = () => workflows.processes.list({ userId: erin.userId, isRunning: true });
  await eventually(async () => (await running()).length === 1, patienceMs);
  const [reply] = await running();
  t.like(reply, { kind: "reply", userId: erin.userId, conversationId: `a_${id}` });
  t.truthy(reply!.requestId);
  const found = await workflows.processes.list({ requestId: reply!.requestId! });
  t.deepEqual(
    found.map(({ key }) => key),
    [reply!.key],
  );
  await workflows.processes.end(reply!.key);
  await eventually(() => cluster.upstream.journal.at(-1)!.wasLeft, patienceMs);
  await eventually(() => viewer.frames.filter(({ type }) => type === "done" || type === "error").length === 2);
});
