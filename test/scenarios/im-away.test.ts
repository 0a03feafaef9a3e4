// A device that was away for any time equals a fresh one, whatever happened meanwhile.
import { isDeepStrictEqual } from "node:util";
import test, { type ExecutionContext } from "ava";
import { type Client, createClient } from "../../gateway/client/client.ts";
import { eventually } from "../suites/eventually.ts";
import { type AwayDevice, floorIn, SyncingDevice, seenOf, TimedDevice } from "../support/away-devices.ts";
import { type Link, startLink } from "../support/link.ts";
import { people } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { RandomPeople } from "../support/random-people.ts";
import { createSeededRandom, type SeededRandom } from "../support/seeded-random.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

const seeds = Number(process.env.AWAY_SEEDS ?? 10);
const firstSeed = Number(process.env.AWAY_SEED ?? 1);
const steps = 140;
/** Every so many steps all devices are compared; between these, each is away at random. */
const compareEvery = 70;

let chat: TestNode;
let link: Link;
test.before(async () => {
  chat = await startTestNode();
  link = await startLink(chat);
});
test.after.always(async () => {
  await link.close();
  await chat.close();
});

/** A client of the user on a socket that breaks and comes back. While the socket is open, it receives every change live. */
class LiveDevice implements AwayDevice {
  readonly name = "live";
  readonly #client: Client;

  constructor(port: number) {
    const url = `http://127.0.0.1:${port}`;
    this.#client = createClient({ url, deviceId: "phone", deviceType: "iOS", limits: { gapWaitMs: 20 } });
  }

  async connects(person: Person): Promise<void> {
    await this.#client.session.login({ account: person.email, password: person.password });
    await this.#client.connect();
  }

  async catchesUp(): Promise<void> {
    if (!this.#client.isOpen) await eventually(() => this.#client.isOpen);
  }

  floorOf(conversationId: string): number {
    return floorIn(this.#client.replica, conversationId);
  }

  seen(floorOf: (conversationId: string) => number): unknown {
    return seenOf(this.#client.replica, floorOf);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** Waits until the device shows the same as a fresh one; fails when they still differ at the end. */
async function equalsFresh(t: ExecutionContext, device: AwayDevice, fresh: () => AwayDevice, when: string) {
  let [actual, expected]: unknown[] = [];
  const isEqual = async () => {
    const other = fresh();
    await Promise.all([device.catchesUp(), other.catchesUp()]);
    const floorOf = (id: string) => Math.max(device.floorOf(id), other.floorOf(id));
    [actual, expected] = [device.seen(floorOf), other.seen(floorOf)];
    return isDeepStrictEqual(actual, expected);
  };
  await eventually(isEqual, 10_000).catch(() => t.deepEqual(actual, expected, `${device.name}, ${when}`));
}

/** The directory, from which names come, learns of a new user a little later. */
async function areNamed(friends: number, person: Person): Promise<boolean> {
  const device = new SyncingDevice(person, "vector");
  await device.catchesUp();
  return device.replica.lists.of("friend").filter((item) => "nickname" in item).length === friends;
}

async function livesOn(
  t: ExecutionContext,
  random: SeededRandom,
  done: Map<string, number>,
  seed: number,
): Promise<void> {
  const all = await people(chat, "ann", "bob", "cal", "dee");
  const [ann, bob, cal, dee] = all;
  for (const other of [ann, cal, dee]) await other.befriends(bob);
  await eventually(() => areNamed(3, bob));
  // Who asks for consent is invited; all others are members at once.
  await (seed % 2 === 0 ? bob : dee).puts("/users/me/settings", { groupInviteConsent: true });
  const life = new RandomPeople(all, random);
  for (const name of life.names) done.set(name, done.get(name) ?? 0);
  for (let i = 0; i < 2; i += 1) await life.makesGroup();
  const live = new LiveDevice(link.port);
  t.teardown(() => live.close());
  await live.connects(bob);
  const freshReplica = () => new SyncingDevice(bob, "vector");
  const away: [AwayDevice, () => AwayDevice][] = [
    [new SyncingDevice(bob, "vector"), freshReplica],
    [new SyncingDevice(bob, "cursor", 7), freshReplica],
    [new TimedDevice(bob), () => new TimedDevice(bob)],
  ];
  for (const [device] of away) await device.catchesUp();
  for (let step = 1; step <= steps; step += 1) {
    const name = await life.act();
    if (name !== undefined) done.set(name, (done.get(name) ?? 0) + 1);
    if (random.below(12) === 0) link.set(link.mode === "pass" ? "refuse" : "pass");
    for (const [device] of away) if (random.below(25) === 0) await device.catchesUp();
    if (step % compareEvery > 0) continue;
    link.set("pass");
    const all = [...away, [live, freshReplica] as const];
    for (const [device, fresh] of all) await equalsFresh(t, device, fresh, `seed ${seed}, step ${step}`);
  }
}

test("a device that was away for any time equals a fresh one, over random histories", async (t) => {
  const done = new Map<string, number>();
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    await livesOn(t, createSeededRandom(seed), done, seed);
  }
  const never = [...done].filter(([, count]) => count === 0).map(([name]) => name);
  if (seeds >= 10) t.true(never.length <= 3, `of these actions none was accepted: ${never}`);
});
