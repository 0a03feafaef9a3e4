// What users see while hosts of the cluster are restarted or killed, or a server is away. What /ready, and a host that must not
// start, report to the operator.
import { createClient } from "../../infra/cassandra/client.ts";
import type { Env } from "../../infra/config/env.ts";
import { readConfig } from "../../infra/config/read-config.ts";
import { explainStart } from "../../infra/node/explain.ts";
import { startNode } from "../../infra/node/node.ts";
import { eventually } from "../suites/eventually.ts";
import { type SpawnedHost, startTestCluster, type TestCluster } from "../support/cluster-people.ts";
import { needs } from "../support/needs.ts";
import { Person } from "../support/person.ts";
import { silentLog } from "../support/silent-log.ts";
import { startNats, useCassandra } from "../support/stack.ts";
import type { TestDevice } from "../support/test-device.ts";

const test = needs("cassandra", "nats", "redis");
const patienceMs = 60_000;
/** The pause between two sends: users type slowly, and a busy machine needs the time. */
const pauseMs = 20;
let cluster: TestCluster;
let actorHosts: SpawnedHost[];
const east = () => cluster.host("east");
const west = () => cluster.host("west");

test.before(async () => {
  cluster = await startTestCluster({
    hosts: { east: ["gateway"], west: ["gateway"] },
    env: { LEASE_MS: "1000" },
    // The devices of this file acknowledge nothing.
    limits: { resendAfterMs: [120_000], maxUnacked: 100_000 },
  });
  actorHosts = await Promise.all(["one", "two"].map((name) => cluster.spawn(name, "actors")));
});
test.after.always(() => cluster?.close());

type Row = Record<string, unknown>;
interface Ready {
  ready: boolean;
  durability: string;
  parts: Record<string, { ok: boolean; detail: string }>;
}
const readyOf = async ({ port }: { port: number }) => {
  const answer = await fetch(`http://127.0.0.1:${port}/ready`);
  return { status: answer.status, ...((await answer.json()) as Ready) };
};
const textsOf = (device: TestDevice) => device.seen("NEW_MESSAGE").map(({ data }) => data.content);

/** Alice is at east, Bob at west. Alice sends until `ends()`, one message after the other. */
async function talkers() {
  const [alice, bob] = await Promise.all([Person.registers(east(), "alice"), Person.registers(west(), "bob")]);
  await alice.befriends(bob);
  await Promise.all([alice.connects(), bob.connects()]);
  return { alice, bob, id: alice.chatWith(bob), talk: () => new Talk(alice, bob) };
}

class Talk {
  readonly acked: string[] = [];
  /** Sends that the gateway answered with an error. */
  readonly failed: string[] = [];
  #isOver = false;
  #ended: Promise<void>;

  constructor(alice: Person, bob: Person) {
    this.#ended = this.#go(alice.device, alice.chatWith(bob));
  }
  async goesOn(count: number): Promise<void> {
    const before = this.acked.length;
    await eventually(() => this.acked.length >= before + count, patienceMs);
  }
  async ends(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }
  async #go(device: TestDevice, sessionId: string): Promise<void> {
    for (let n = 1; !this.#isOver; n += 1) {
      const msgId = `t${n}`;
      const body = { sessionId, contentType: "text", content: msgId };
      device.sends({ type: "SEND_MESSAGE", msgId, data: body });
      await eventually(() => device.frames.some((frame) => frame.msgId === msgId), patienceMs);
      const answer = device.frames.find((frame) => frame.msgId === msgId);
      if (answer?.type === "SEND_ACK") this.acked.push(msgId);
      else this.failed.push(JSON.stringify(answer));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

test.serial("every actor host is restarted, one after another: no send fails and no socket closes", async (t) => {
  const { alice, bob, id, talk } = await talkers();
  const talking = talk();
  await talking.goesOn(5);
  for (const host of actorHosts) {
    t.is(await host.stop(), 0, "the host exits with 0");
    await talking.goesOn(5);
    await host.start();
    await talking.goesOn(5);
  }
  await talking.ends();
  t.deepEqual(talking.failed, []);
  t.deepEqual([alice.device.closeCode, bob.device.closeCode], [undefined, undefined]);
  await eventually(() => textsOf(bob.device).length >= talking.acked.length, patienceMs);
  t.deepEqual(textsOf(bob.device), talking.acked);
  t.deepEqual(
    (await bob.history(id)).map(({ content }) => content),
    talking.acked.slice(-100),
  );
});

test.serial(
  "all actor hosts are killed at once and started again: sockets stay open, and every acked message is kept",
  async (t) => {
    const { alice, bob, talk } = await talkers();
    const group = await alice.createsGroup("Survivors", [bob]);
    const talking = talk();
    await talking.goesOn(10);
    await Promise.all(actorHosts.map((host) => host.kill9()));
    await Promise.all(actorHosts.map((host) => host.start()));
    await talking.goesOn(10);
    await talking.ends();
    // A send that no host takes within its deadline fails. The restart is quicker than the deadline, so no send fails here.
    t.deepEqual([alice.device.closeCode, bob.device.closeCode], [undefined, undefined]);
    await eventually(() => textsOf(bob.device).length >= talking.acked.length, patienceMs);
    const received = textsOf(bob.device);
    t.deepEqual(
      talking.acked.filter((text) => !received.includes(text)),
      [],
    );
    t.is(new Set(received).size, received.length, "each once");
    t.is((await bob.says(group, "we are all here")).seq, 1);
    t.deepEqual(talking.failed, []);
  },
);

test.serial("without Redis lists, marks and sends work on, and /ready names the missing part", async (t) => {
  const { alice, bob, id } = await talkers();
  await alice.says(bob, "before");
  await bob.device.sees("NEW_MESSAGE");
  await cluster.redis.kill9();
  await eventually(async () => (await readyOf(west())).parts.redis?.ok === false, patienceMs);
  const answer = await readyOf(west());
  t.like(answer, { status: 200, ready: true });
  t.regex(answer.parts.redis?.detail ?? "", /^away since .*goes on without it/);
  t.is((await alice.says(bob, "meanwhile")).seq, 2);
  await bob.device.sees("NEW_MESSAGE", ({ data }) => data.content === "meanwhile");
  const { sessions } = (await bob.gets<{ sessions: Row[] }>("/sessions")).data;
  t.like(sessions[0], { sessionId: id, unreadCount: 2, lastMessage: { content: "meanwhile" } });
  t.is((await bob.gets("/sessions/unread/total")).data.totalUnread, 2);
  const friends = await bob.gets<{ friends: Row[] }>("/friends");
  t.like(friends.data.friends[0], { userId: alice.userId, status: 0 }, "an unknown presence is shown as offline");
  bob.device.sends({ type: "MESSAGE_READ", data: { sessionId: id, seq: 2 } });
  await alice.device.sees("MESSAGE_READ");
  const late = await bob.at(east()).opens(await bob.logsIn("iOS", "phone"));
  t.is((await late.asks("SYNC", { cursor: 0 })).type, "SYNC_RESULT");
  const refused = await alice.posts("/auth/code", { email: "somebody@example.test" });
  t.like(refused, { status: 503, code: 6 }, "a verification code cannot be stored");
  await cluster.redis.restart();
  await eventually(async () => (await readyOf(west())).parts.redis?.ok === true, patienceMs);
  t.is((await alice.says(bob, "after")).seq, 3);
  const again = (await bob.gets<{ sessions: Row[] }>("/sessions")).data.sessions;
  t.like(again[0], { unreadCount: 1, lastMessage: { content: "after" } });
});

test.serial(
  "/ready names each part, and a host without gateway serves only /ready, /health and /metrics",
  async (t) => {
    const look = () => Promise.all([readyOf(actorHosts[0] ?? east()), readyOf(east())]);
    await eventually(async () => (await look()).every(({ parts }) => parts.redis?.ok), patienceMs);
    const [actors, gateway] = await look();
    t.deepEqual(Object.keys(actors.parts).toSorted(), ["actors", "journal", "lease", "redis", "views"]);
    t.deepEqual(Object.keys(gateway.parts).toSorted(), ["journal", "lease", "redis", "views"]);
    for (const { status, ready, durability, parts } of [actors, gateway]) {
      t.deepEqual([status, ready], [200, true]);
      t.regex(durability, /JetStream, 1 replica/);
      for (const [name, { ok, detail }] of Object.entries(parts)) t.true(ok && detail !== "", name);
    }
    const of = (path: string, method = "GET") =>
      fetch(`http://127.0.0.1:${actorHosts[0]?.port}${path}`, { method }).then(({ status }) => status);
    for (const path of ["/health", "/metrics"]) t.is(await of(path), 200);
    for (const path of ["/", "/docs", "/ws", "/api/v1/users/me", "/api/v1/auth/login"]) t.is(await of(path), 404, path);
    t.is(await of("/ready", "POST"), 404);
  },
);

/** The sentence that a host prints when it refuses to start. */
async function refusal(env: Env): Promise<string> {
  try {
    const node = await startNode({ ...readConfig(env), port: 0 }, silentLog);
    await node.lifecycle.shutdown("it should not have started");
  } catch (error) {
    return explainStart(error) ?? "no sentence";
  }
  return "it started";
}

test.serial("a host that does not fit the cluster, or misses a server, refuses to start and says why", async (t) => {
  const nobody = "127.0.0.1:1";
  const production = {
    ...{ NODE_ENV: "production", RATE_LIMITS: "on", PASSWORD_HASH_COST: "normal", LOG_LEVEL: "warn" },
    HOST: "127.0.0.1",
  };
  const elsewhere = await startNats();
  const cases: [string, Env, RegExp][] = [
    ["three", { JOURNAL_STREAMS: "8" }, /JOURNAL_0 was created with streams 4, not 8/],
    ["one", { ROLES: "actors" }, /Another host of this cluster runs under the name one/],
    ["four", production, /1 replica.*Production needs JOURNAL_REPLICAS=3, or sync_interval: always/],
    ["five", { NATS_URL: elsewhere.urls.join() }, /holds the views of another store/],
    ["six", { NATS_URL: `nats://${nobody}` }, /no NATS server answered at nats:\/\/127\.0\.0\.1:1/],
    ["seven", { CASSANDRA_HOSTS: nobody }, /Cassandra cannot be opened: 127\.0\.0\.1:1/],
  ];
  await Promise.all(
    cases.map(async ([name, env, sentence]) => t.regex(await refusal(cluster.env(name, env)), sentence)),
  );
  await elsewhere.close();

  const { CASSANDRA_KEYSPACE: keyspace } = cluster.env("nine");
  const client = createClient(await useCassandra());
  await client.execute(`INSERT INTO ${keyspace}.schema_migrations (part, version, applied_at_ms) VALUES (0, 99, 0)`);
  await client.shutdown();
  t.regex(await refusal(cluster.env("nine")), /has schema 99; this program knows \d+. Run a newer version/);
  t.is((await readyOf(east())).status, 200, "the other hosts are ready");
});
