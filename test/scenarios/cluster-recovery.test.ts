// When the views or the journal are lost, one command rebuilds them, and users find everything again.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import type { ExecutionContext } from "ava";
import { createClient } from "../../infra/cassandra/client.ts";
import { readConfig } from "../../infra/config/read-config.ts";
import { startNode } from "../../infra/node/node.ts";
import { createLog } from "../../infra/observe/log.ts";
import { eventually } from "../suites/eventually.ts";
import { startTestCluster, type TestCluster } from "../support/cluster-people.ts";
import { needs } from "../support/needs.ts";
import { Person } from "../support/person.ts";
import { startNats, useCassandra } from "../support/stack.ts";

const test = needs("cassandra", "nats", "redis");
const recoverMain = new URL("../../infra/cluster/recover-main.ts", import.meta.url).pathname;
const preload = new URL("../../infra/launch/preload.mjs", import.meta.url).href;

async function recover(env: Record<string, string>, ...args: string[]): Promise<{ code: number; output: string }> {
  const flags = ["--disable-warning=ExperimentalWarning", "--import", preload];
  const child = spawn(process.execPath, [...flags, recoverMain, ...args], { cwd: tmpdir(), env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data: Buffer) => {
      output += String(data);
    });
  }
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

async function meet(t: ExecutionContext): Promise<TestCluster> {
  const cluster = await startTestCluster({ hosts: { one: ["gateway", "actors"] } });
  t.teardown(() => cluster.close());
  return cluster;
}

async function talk(cluster: TestCluster) {
  const one = cluster.host("one");
  const [alice, bob] = await Promise.all([Person.registers(one, "alice"), Person.registers(one, "bob")]);
  await alice.befriends(bob);
  const id = alice.chatWith(bob);
  const desk = await alice.connects();
  for (let n = 1; n <= 12; n += 1) {
    await desk.asks("SEND_MESSAGE", { sessionId: id, contentType: "text", content: `word ${n}` });
  }
  const everythingIsSaved = async () => (await one.node.host?.status())?.lagBytes === 0;
  await eventually(everythingIsSaved, 30_000);
  return { alice, bob, id };
}

const read = (history: readonly Record<string, unknown>[]) => history.map(({ seq, content }) => `${seq} ${content}`);

test("one command rebuilds lost views, and refuses while a host runs", async (t) => {
  const cluster = await meet(t);
  const { alice, bob, id } = await talk(cluster);
  const before = read(await bob.history(id));
  t.is(before.length, 12);
  const env = cluster.env("operator");
  const plan = await recover(env, "views");
  t.is(plan.code, 2);
  t.regex(plan.output, /empties every table.*recover -- views --yes/);
  const refused = await recover(env, "views", "--yes");
  t.is(refused.code, 1);
  t.regex(refused.output, /Hosts are running: one\. Stop every host first/);

  const one = cluster.host("one");
  await one.node.lifecycle.shutdown("the operator stops it");
  const done = await recover(env, "views", "--yes");
  t.is(done.code, 0, done.output);
  t.regex(done.output, /The views are empty\. Start the hosts/);
  await one.restart();
  t.deepEqual(read(await bob.at(one).history(id)), before, "the history is served from the journal at once");
  await eventually(async () => (await countRows(env)) >= 12, 30_000);
  t.deepEqual(read(await alice.at(one).history(id)), before);
});

test("one command starts a new journal from the views when the old one is lost, and the chat goes on", async (t) => {
  const cluster = await meet(t);
  const { alice, bob, id } = await talk(cluster);
  const before = read(await bob.history(id));
  await cluster.host("one").node.lifecycle.shutdown("the power is gone");
  const nats = await startNats();
  t.teardown(() => nats.close());
  const env = { ...cluster.env("two"), NATS_URL: nats.urls.join() };

  const config = { ...readConfig({ ...env, ROLES: "gateway,actors" }), port: 0 };
  const log = createLog({ level: "error", format: "pretty", write: () => {} });
  await t.throwsAsync(startNode(config, log), { message: /another store.*npm run recover -- journal/s });
  const wrong = await recover(env, "views", "--yes");
  t.is(wrong.code, 1);
  t.regex(wrong.output, /may be the only copy.*recover -- journal/s);
  const done = await recover(env, "journal", "--yes");
  t.is(done.code, 0, done.output);
  t.regex(done.output, /continues from the views: \d+ actors\. 0 records/);
  t.regex((await recover(env, "journal", "--yes")).output, /nothing is lost/);

  const node = await startNode(config, log);
  t.teardown(() => node.lifecycle.shutdown("the test is over"));
  t.deepEqual(read(await bob.at(node).history(id)), before);
  const desk = await alice.at(node).connects();
  const ack = await desk.asks("SEND_MESSAGE", { sessionId: id, contentType: "text", content: "and on" });
  t.is(ack.data.seq, 13);
});

async function countRows(env: Record<string, string>): Promise<number> {
  const client = createClient(await useCassandra(), env.CASSANDRA_KEYSPACE);
  try {
    const { rows } = await client.execute("SELECT count(*) AS count FROM messages", [], { prepare: false });
    return Number(rows[0]?.get("count"));
  } finally {
    await client.shutdown();
  }
}
