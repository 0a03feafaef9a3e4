// One run: sets up the cluster, lets devices act during faults, ends the faults, and judges.
import { isDeepStrictEqual } from "node:util";
import { Conversation } from "../../actors/conversation/contract.ts";
import { defaultConversationRules } from "../../actors/conversation/model/rules.ts";
import type { VisibleMessage } from "../../actors/reading/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { decodeCommit } from "../../actors/runtime/log/commit.ts";
import type { RuntimeStats } from "../../actors/runtime/stats.ts";
import { Session } from "../../actors/session/contract.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { User } from "../../actors/user/contract.ts";
import type { DeviceModel } from "../support/device-model.ts";
import { conversations, devices, group, hostNames, ledgerKeys, listeners, shards, userIds, users } from "./cast.ts";
import { Checker } from "./checker.ts";
import { Cluster } from "./cluster.ts";
import { Device } from "./device.ts";
import { scheduleFaults } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import { Listener } from "./listener.ts";
import type { Weakness } from "./weaknesses.ts";
import { startMs, World } from "./world.ts";

interface Verdict {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly acked: number;
  readonly events: number;
  readonly virtualMs: number;
  /** Counters of the hosts, summed over all boots. */
  readonly stats: RuntimeStats;
}

/** All faults end at this time. By `limitMs` the cluster must have recovered. */
const faultsMs = 8_000;
const limitMs = 40_000;
/** The share of sends among the actions of a device: busy runs find faults of overlap, calm ones faults that overlap would hide. */
const sendShares = [0.08, 0.2, 0.5];
const trimEveryMs = 1_500;
/** Longer than the longest lifetime of a message that expires. */
const expiryMs = 3_500;

export async function runSeed(
  seed: number,
  options: { weakness?: Weakness; print?: (line: string) => void } = {},
): Promise<Verdict> {
  const world = new World(seed, options.print);
  const checker = new Checker();
  const people: Device[] = [];
  // Every other seed: the group has a notification subject of its own.
  const perUserFanoutMax = seed % 2 === 0 ? 2 : defaultConversationRules.perUserFanoutMax;
  const cluster = new Cluster(world, { weakness: options.weakness, perUserFanoutMax, deliver });
  for (const made of devices) people.push(new Device(made, cluster, checker));
  const sockets = listeners.map((made) => new Listener(made, cluster, checker));

  function deliver(host: string, notification: FramedNotification): void {
    const { target } = notification;
    const gateway = cluster.find(host);
    gateway?.machine.enter(() => {
      gateway.gateway.deliver(notification);
      if (!gateway.lease.isHeld() || !("users" in target)) return;
      for (const device of people) {
        if (device.gateway !== host || !target.users.includes(device.userId)) continue;
        cluster.network.send(host, device.name, () => device.deliver(notification));
      }
    });
  }

  let stage = "setting up";
  let failure: unknown;
  const play = async () => {
    await setUp(cluster);
    for (const socket of sockets) await socket.logIn();
    trimNowAndThen(cluster);
    stage = "acting";
    let isOver = false;
    for (const socket of sockets) void socket.live(() => isOver);
    const healAll = scheduleFaults(cluster, faultsMs);
    world.after(faultsMs, () => {
      isOver = true;
      healAll();
      for (const name of hostNames) cluster.boot(name);
      stage = "waiting for the last acks";
    });
    const sendShare = world.random.pick(sendShares);
    await Promise.all(people.map((device) => device.live(sendShare, () => isOver)));
    await world.sleep(expiryMs);
    stage = "waiting for the marks";
    while (!areMarksUp(cluster)) await world.sleep(100);
    stage = "judging";
    await judge(people, cluster, checker);
    stage = "waiting for every conversation to take a message";
    for (const { device, id } of writers(people)) await device.send(id);
    while (!areMarksUp(cluster)) await world.sleep(100);
    stage = "judging again";
    await judge(people, cluster, checker);
    stage = "waiting for the sockets to receive everything";
    await judgeSockets(sockets, cluster, checker);
    stage = "done";
  };
  play().catch((error: unknown) => {
    failure = error;
  });
  const isDone = await world.run(startMs + limitMs, () => stage === "done" || failure !== undefined);
  cluster.end();
  if (failure !== undefined) checker.stuck(`${stage}: ${failure instanceof Error ? failure.stack : String(failure)}`);
  else if (!isDone) checker.stuck(stage);
  for (const violation of checker.violations) world.trace("VIOLATION", () => violation);
  const { violations, ackedCount: acked } = checker;
  const virtualMs = world.nowMs - startMs;
  return { seed, violations, acked, events: world.events, virtualMs, stats: cluster.stats() };
}

function writers(people: readonly Device[]): { device: Device; id: string }[] {
  return conversations.map((id) => {
    const device = people.find(({ isReader, conversations }) => !isReader && conversations.includes(id))!;
    return { device, id };
  });
}

async function setUp(cluster: Cluster): Promise<void> {
  const actors: Actors = cluster.find("h1")!.actors;
  const atMs = startMs;
  for (const [nickname, userId] of Object.entries(users)) {
    await actors.get(User, userId).create({ nickname, phone: "", email: "", account: "", atMs });
    await actors.get(Session, userId).create({ passwordHash: "", atMs });
  }
  const memberIds = userIds.filter((id) => id !== users.ann);
  await actors
    .get(Conversation, group)
    .createGroup({ ownerId: users.ann, name: "all", avatar: "", memberIds, joinVerify: false });
}

/** The log is cut below the marks all the time, as the trimmer does. */
function trimNowAndThen(cluster: Cluster): void {
  cluster.world.after(trimEveryMs, () => {
    for (const [shard, sequence] of cluster.views.marks) cluster.journal.trim(shard, sequence - 1);
    trimNowAndThen(cluster);
  });
}

/** Whether the views hold every commit with records: the marks have reached the ends of the logs. */
function areMarksUp({ journal, views }: Cluster): boolean {
  return shards.every((shard) => {
    const mark = views.marks.get(shard) ?? 0;
    return journal
      .log(shard)
      .every(({ sequence, commit }) => sequence <= mark || decodeCommit(commit).type !== "records");
  });
}

/** Compares a device with a fresh one of the same user; repeated while changes still come, or a shard has no owner yet. */
async function compare(device: Device, { world }: Cluster, checker: Checker): Promise<DeviceModel> {
  for (let triesLeft = compareTries; ; triesLeft -= 1) {
    try {
      await device.sync();
      const fresh = await device.fresh();
      const isEqual = isDeepStrictEqual(device.model.state(world.nowMs), fresh.state(world.nowMs));
      if (isEqual || triesLeft === 0) {
        checker.converged(device.name, device.model, fresh, world.nowMs);
        return fresh;
      }
    } catch (error) {
      if (triesLeft === 0) throw error;
    }
    await world.sleep(300);
  }
}
const compareTries = 5;

/** Checks that every socket has received all versions of the group, and none from a time when the user was no member. */
async function judgeSockets(sockets: readonly Listener[], cluster: Cluster, checker: Checker): Promise<void> {
  const { actors } = cluster.find("h1")!;
  const { head } = await actors.get(Conversation, group).window({ userId: users.ann });
  const stored = await cluster.views.store.changes.range(group, 0, head.version, 10_000);
  const changes = stored.flatMap(({ version, change }) => {
    if (change.type !== "member_left" && change.type !== "member_joined") return [];
    return [{ version, type: change.type, userIds: change.userIds }];
  });
  checker.membership(group, changes);
  const isIn = (userId: string) => changes.findLast(({ userIds }) => userIds.includes(userId))?.type !== "member_left";
  const due = sockets.filter(({ userId }) => isIn(userId));
  const received = (socket: Listener) => socket.versions.get(group) ?? 0;
  for (let i = 0; i < 40 && due.some((socket) => received(socket) < head.version); i += 1)
    await cluster.world.sleep(250);
  for (const socket of due) checker.received(socket.name, group, received(socket), head.version);
}

async function judge(people: readonly Device[], cluster: Cluster, checker: Checker): Promise<void> {
  for (const device of people) device.gateway = "h1";
  const histories = new Map<string, readonly VisibleMessage[]>();
  for (const device of people) {
    const fresh = await compare(device, cluster, checker);
    for (const id of device.conversations) {
      // The histories as ann sees them: her devices come first, and she is always a member.
      if (histories.has(id)) continue;
      const held = [...(fresh.conversations.get(id)?.messages.values() ?? [])];
      histories.set(
        id,
        held.sort((a, b) => a.seq - b.seq),
      );
    }
  }
  for (const id of conversations) checker.history(id, histories.get(id)!);
  const { actors } = cluster.find("h1")!;
  for (const [userId, key] of ledgerKeys) {
    const { messageIds } = await actors.get(Ledger, key).counted({});
    checker.counted(userId, messageIds, [...histories.values()]);
  }
}
