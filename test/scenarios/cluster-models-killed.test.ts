// Hosts of a cluster are killed while models answer: every message that was taken gets its reply, viewers at the gateways see it
// whole, and each request is settled once. The journal of the upstream is the judge.
import type { ExecutionContext } from "ava";
import { Account } from "../../actors/account/contract.ts";
import { eventually } from "../suites/eventually.ts";
import type { SpawnedHost } from "../support/cluster-people.ts";
import { type ModelCluster, startModelCluster } from "../support/llm/model-cluster.ts";
import { done, finish, role, stream, text, usage } from "../support/llm/openai-bytes.ts";
import type { Script } from "../support/llm/script.ts";
import { needs } from "../support/needs.ts";
import { registersAtChat, SurfaceClient } from "../support/surface-client.ts";

const test = needs("cassandra", "nats", "redis", "s3", "temporal");
const answeredMsMax = 25_000;
const patienceMs = 60_000;
const users = 8;
const administrator = { username: "root", password: "correct horse battery" };
const env = { ADMIN_USERNAME: administrator.username, ADMIN_PASSWORD: administrator.password };

for (const isWithoutTemporal of [false, true]) {
  const driver = isWithoutTemporal ? "the hosts run" : "Temporal runs";
  test.serial(`hosts that are killed while ${driver} replies cost no reply and no second bill`, async (t) => {
    const cluster = await startModelCluster({
      ...{ hosts: { east: ["gateway"], west: ["gateway"] }, env, isWithoutTemporal },
    });
    t.teardown(() => cluster.close());
    const roles = isWithoutTemporal ? (["actors"] as const) : (["actors", "workflows"] as const);
    const hosts: SpawnedHost[] = [];
    for (const name of ["one", "two"]) hosts.push(await cluster.spawn(name, ...roles));
    const [one, two] = hosts as [SpawnedHost, SpawnedHost];
    const chats = await Promise.all(Array.from({ length: users }, (_, n) => openChat(cluster, n, isWithoutTemporal)));
    for (const [round, host] of [one, two].entries()) {
      await roundOf(t, cluster, chats, async () => {
        await host.kill9();
        return () => host.start();
      });
      t.log(`round ${round + 1} is over`);
    }
    await isSettledOnce(t, cluster, chats);
  });
}

type Chat = Awaited<ReturnType<typeof openChat>>;

async function openChat(cluster: ModelCluster, n: number, isWithoutTemporal: boolean) {
  const [east, west] = [cluster.host("east"), cluster.host("west")];
  const client = await registersAtChat(east, `killed${n}${isWithoutTemporal ? "h" : "t"}`);
  await client.setsModel(cluster.upstream.url);
  const { id } = (await client.posts("/conversations", { title: "Talk" })).body;
  const elsewhere = new SurfaceClient(west);
  elsewhere.token = client.token;
  const viewer = await elsewhere.opens(`/ws/conversations/${id}?token=${client.token}`);
  return {
    ...{ client, viewer, path: `/conversations/${id}/messages` },
    /** Messages so far. */
    sent: 0,
    /** What the viewer shows of the replies, one after the other. */
    shown: () => shownBy(viewer.frames),
  };
}

function shownBy(frames: readonly { type: string; content?: string; message?: string }[]): string[] {
  const ended: string[] = [];
  let current = "";
  for (const { type, content = "", message = "" } of frames) {
    if (type === "chunk") current += content;
    else {
      if (type === "done") ended.push(current);
      if (type === "error") ended.push(`error: ${message}`);
      current = "";
    }
  }
  return ended;
}

async function messagesOf({ client, path }: Chat): Promise<{ sender: string; content: string }[]> {
  const { status, body } = await client.gets(`${path}?limit=200`);
  return status === 200 ? body.messages : [];
}

/** Some answers have begun, some have not, and some messages wait behind another one, when `fault` comes. */
async function roundOf(
  t: ExecutionContext,
  { upstream }: ModelCluster,
  chats: Chat[],
  fault: () => Promise<() => Promise<void>>,
): Promise<void> {
  const faultIsOver = Promise.withResolvers<void>();
  let isBroken = false;
  const before = upstream.journal.length;
  const script: Script = async (call) => {
    if (isBroken) return stream(["whole ", "answer"])(call);
    const isBegun = call.request.number % 2 === 0;
    if (isBegun) await call.write(role + text("half an "));
    await Promise.race([faultIsOver.promise, call.left]);
    if (call.request.wasLeft) return;
    if (isBegun) await call.write(text("answer") + finish() + usage(10, 2) + done);
    else return stream(["whole ", "answer"])(call);
    call.end();
  };
  upstream.always(script);
  for (const [n, chat] of chats.entries()) {
    for (const content of ["one", "two"].slice(0, 1 + (n % 2))) {
      t.is((await chat.client.posts(chat.path, { content })).status, 200);
      chat.sent += 1;
    }
  }
  await eventually(() => upstream.journal.length >= before + users, patienceMs);
  const heal = await fault();
  const brokenMs = performance.now();
  isBroken = true;
  faultIsOver.resolve();
  const healed = heal();
  for (const chat of chats) {
    await eventually(async () => (await messagesOf(chat)).length >= 2 * chat.sent, patienceMs);
  }
  const answeredMs = performance.now() - brokenMs;
  await healed;
  const left = upstream.journal.slice(before).filter(({ wasLeft }) => wasLeft).length;
  t.log(`answered ${Math.round(answeredMs)} ms after the kill; ${left} upstream requests died with it`);
  t.true(answeredMs < answeredMsMax, String(answeredMs));
  for (const chat of chats) {
    const answers = (await messagesOf(chat)).filter(({ sender }) => sender === "ai").map(({ content }) => content);
    t.is(answers.length, chat.sent);
    for (const answer of answers) t.regex(answer, /^(whole|half an) answer$/);
    await eventually(() => chat.shown().length >= chat.sent, patienceMs);
    t.deepEqual(chat.shown(), answers, "the viewer saw what is stored");
  }
}

async function isSettledOnce(t: ExecutionContext, cluster: ModelCluster, chats: Chat[]): Promise<void> {
  const east = cluster.host("east");
  const root = new SurfaceClient(east);
  const logIn = async () => (await root.posts("/admin/login", administrator)).body.token;
  await eventually(async () => {
    root.token = await logIn();
    return root.token !== undefined;
  }, patienceMs);
  const total = chats.reduce((sum, { sent }) => sum + sent, 0);
  type Row = { request_id: string; user_id: string; status_code: number; total_tokens: number };
  const rows = async () => (await root.gets("/admin/logs?limit=200")).body.logs as Row[];
  await eventually(async () => (await rows()).length >= total, patienceMs);
  for (const { client } of chats) {
    const account = () => east.node.actors.get(Account, client.userId).budget({});
    await eventually(async () => (await account()).openHolds === 0, patienceMs);
  }
  const ids = (await rows()).map(({ request_id }) => request_id);
  t.is(new Set(ids).size, ids.length, "one row per request");
  const answered = (await rows()).filter(({ status_code }) => status_code === 200);
  t.is(answered.length, total, "one paid answer per message");
  t.is(
    answered.reduce((sum, { total_tokens }) => sum + total_tokens, 0),
    total * 12,
    "the upstream counted 10 and 2 tokens for each",
  );
}
