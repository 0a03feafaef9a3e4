// Whole hosts on the real journal and the real CONTROL: which host owns a shard, which takes it over, and which commits
// survive when servers die (G3, G9).
import type { ExecutionContext } from "ava";
import { Conversation } from "../../actors/conversation/contract.ts";
import { createConversation } from "../../actors/conversation/conversation.ts";
import { defaultConversationRules } from "../../actors/conversation/model/rules.ts";
import { createHost, type Host } from "../../actors/runtime/host/host.ts";
import { createControlLease } from "../../actors/runtime/lease/control-lease.ts";
import { defaultRuntimeLimits } from "../../actors/runtime/limits.ts";
import { rankHosts, shardOf } from "../../actors/runtime/sharding.ts";
import { createSession } from "../../actors/session/session.ts";
import { User } from "../../actors/user/contract.ts";
import { createMemoryHeads } from "../../infra/memory/heads.ts";
import { createMemoryTransport } from "../../infra/memory/transport.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { pair, shards, users } from "../simulation/cast.ts";
import { eventually } from "../suites/eventually.ts";
import { createMemoryViews } from "../support/memory-views.ts";
import { NatsWorld, type Size, sizeName } from "../support/nats-world.ts";
import { needs } from "../support/needs.ts";
import { user } from "../support/user-behaviour.ts";

const test = needs("nats");

const patienceMs = 60_000;
const rules = { ...defaultConversationRules, requireFriend: false };
const hostNames = ["ann", "bob"] as const;
const [owner = "", other = ""] = rankHosts(shardOf("conversation", pair), hostNames);

interface RunningHost {
  readonly host: Host;
  /** Stops the host without closing anything, like kill -9. */
  kill(): void;
}

/** Two hosts that share views, heads and a transport in memory; each has its own connection to NATS. */
class Hosts {
  readonly world: NatsWorld;
  readonly running = new Map<string, RunningHost>();
  readonly #views = createMemoryViews();
  readonly #heads = createMemoryHeads();
  readonly #transport = createMemoryTransport();
  #sends = 0;

  static async start(t: ExecutionContext, size: Size): Promise<Hosts> {
    const world = await NatsWorld.start(size);
    const hosts = new Hosts(world);
    t.teardown(async () => {
      for (const { kill } of hosts.running.values()) kill();
      await world.close();
    });
    for (const name of hostNames) await hosts.boot(name);
    const { actors } = hosts.find(owner);
    for (const [nickname, userId] of Object.entries(users)) {
      const input = { nickname, phone: "", email: "", account: "", atMs: Date.now() };
      await actors.get(User, userId).create(input, { deadlineMs: Date.now() + patienceMs });
    }
    return hosts;
  }

  constructor(world: NatsWorld) {
    this.world = world;
  }

  find(name: string): Host {
    const running = this.running.get(name);
    if (!running) throw new Error(`${name} does not run`);
    return running.host;
  }

  async boot(name: string): Promise<void> {
    const connection = await this.world.connect({ name });
    const [journal, control] = [await this.world.journal({ connection }), await this.world.control({ connection })];
    const place = { host: name, boot: systemRandom.hex(128) };
    const lease = createControlLease({ control, clock: systemClock, place });
    const sink = { publish() {}, flush: async () => {} };
    const host = createHost({
      ports: { journal, views: this.#views.views, heads: this.#heads, sink, clock: systemClock },
      ...{ transport: this.#transport, random: systemRandom, lease, shards, limits: defaultRuntimeLimits },
      behaviours: [
        createConversation({ sends: this.#views.sends, rules, random: systemRandom }),
        createSession(),
        user,
      ],
      reportError: () => {},
    });
    const kill = () => {
      host.stop();
      lease.stop();
      this.running.delete(name);
    };
    this.running.set(name, { host, kill });
    await lease.start();
    await host.start();
  }

  /** Sends as a client does: with the same clientMsgId until the message is acked. */
  async say(name: string): Promise<{ seq: number; tookMs: number }> {
    this.#sends += 1;
    const fromMs = performance.now();
    const input = {
      ...{ senderId: users.ann, senderName: "ann", senderAvatar: "", clientMsgId: `m${this.#sends}` },
      ...{ contentType: "text", content: { text: "hello" } },
    };
    const conversation = this.find(name).actors.get(Conversation, pair);
    const { seq } = await conversation.send(input, { deadlineMs: Date.now() + patienceMs });
    return { seq, tookMs: Math.round(performance.now() - fromMs) };
  }
}

for (const size of [1, 3] as const) {
  test.serial(
    `${sizeName(size)}: the conversation of a killed host continues at the other, without a hole`,
    async (t) => {
      const hosts = await Hosts.start(t, size);
      for (let seq = 1; seq <= 10; seq++) t.is((await hosts.say(hostNames[seq % 2] ?? "")).seq, seq);
      hosts.running.get(owner)?.kill();
      const { seq, tookMs } = await hosts.say(other);
      t.is(seq, 11);
      t.log(`writable again after ${tookMs} ms`);
      await hosts.boot(owner);
      for (let seq = 12; seq <= 20; seq++) t.is((await hosts.say(hostNames[seq % 2] ?? "")).seq, seq);
    },
  );
}

test.serial(
  "three servers: sends succeed through the death of any server, each acked once, without a hole",
  async (t) => {
    const hosts = await Hosts.start(t, 3);
    const seqs: number[] = [];
    let isOver = false;
    const saying = (async () => {
      while (!isOver) seqs.push((await hosts.say(hostNames[seqs.length % 2] ?? "")).seq);
    })();
    const goesOn = async () => {
      const count = seqs.length;
      await eventually(() => seqs.length > count + 20, patienceMs);
    };
    await goesOn();
    for (const server of hosts.world.nats.servers) {
      await server.kill9();
      const fromMs = performance.now();
      await goesOn();
      t.log(`goes on after ${Math.round(performance.now() - fromMs)} ms`);
      await server.restart();
      await goesOn();
    }
    isOver = true;
    await saying;
    t.deepEqual(
      seqs,
      Array.from({ length: seqs.length }, (_, n) => n + 1),
    );
  },
);

test.serial("one server: all hosts and the server killed at once lose nothing acked", async (t) => {
  const hosts = await Hosts.start(t, 1);
  for (let seq = 1; seq <= 10; seq++) t.is((await hosts.say(owner)).seq, seq);
  for (const { kill } of [...hosts.running.values()]) kill();
  await hosts.world.nats.servers[0]?.kill9();
  await hosts.world.nats.servers[0]?.restart();
  for (const name of hostNames) await hosts.boot(name);
  t.is((await hosts.say(other)).seq, 11);
});
