// Groups with very many members: what a send, a snapshot and an increment cost.
import test from "ava";
import { alice, bob, carol, createGroupOf } from "../support/chat-rig.ts";

const userIds = (count: number, from = 20_001) => Array.from({ length: count }, (_, i) => String(from + i));

test("a group of 100 000 stays compact: its snapshot, and a send in it", async (t) => {
  const { rig, says } = await createGroupOf([bob], { rules: { maxGroupMembers: 100_000 } });
  for (let from = 0; from < 99_800; from += 200) {
    rig.nowMs += 1_000;
    await rig.run("invite", { by: alice, userIds: userIds(200, 1_000_000_000_000_000 + from) });
    rig.takeTells();
    rig.takeNotifications();
  }
  t.true((rig.state.group?.members.size ?? 0) > 99_000);
  await says(alice, "hello");
  t.is(rig.takeTells().length, 0);
  t.true(JSON.stringify(rig.records.at(-1)).length < 500);
  const snapshot = JSON.stringify(rig.behaviour.encode(rig.state));
  t.true(snapshot.length < 2_000_000, `${snapshot.length} bytes`);
  const decoded = rig.behaviour.decode(JSON.parse(snapshot), rig.key);
  t.deepEqual(decoded.group, rig.state.group);
  t.is(JSON.stringify(rig.behaviour.encode(decoded)), snapshot);
});

test("a send does the same work in a group of 10 and of 20 000: no pass over the members, no write per member", async (t) => {
  const { rig, says } = await createGroupOf(userIds(9), { rules: { maxGroupMembers: 100_000 } });
  /** Everything that a send of ten bytes makes, and how often it went through the members. */
  const work = async () => {
    const members = new CountedMap(rig.state.group!.members);
    rig.state.group!.members = members;
    rig.takeNotifications();
    rig.takeTells();
    rig.rows.length = 0;
    await says(alice, "0123456789");
    const notified = rig.takeNotifications();
    const named = notified.flatMap(({ target }) => ("users" in target ? target.users : []));
    const bytes = JSON.stringify(rig.records.at(-1)).length + JSON.stringify(rig.rows).length;
    return {
      passes: members.passes,
      counts: [notified.length, rig.rows.length, rig.takeTells().length],
      bytes,
      named: named.length,
    };
  };
  await says(alice, "the first message opens a bucket");
  const small = await work();
  for (let from = 0; from < 20_000; from += 200) {
    await rig.run("invite", { by: alice, userIds: userIds(200, 1_000_000_000_000_000 + from) });
  }
  while (rig.wake());
  rig.nowMs += 600_000; // both kinds of subjects are used for a while after the change
  const large = await work();
  t.true(rig.state.group!.members.size > 20_000);
  t.deepEqual(large.counts, small.counts);
  t.is(large.passes, 0);
  t.is(large.named, 0, "one subject for all");
  t.true(Math.abs(large.bytes - small.bytes) < 100, `${small.bytes} and ${large.bytes} bytes`);
});

class CountedMap<K, V> extends Map<K, V> {
  passes = 0;
  override [Symbol.iterator]() {
    this.passes += 1;
    return super[Symbol.iterator]();
  }
  override keys() {
    this.passes += 1;
    return super.keys();
  }
  override values() {
    this.passes += 1;
    return super.values();
  }
  override entries() {
    this.passes += 1;
    return super.entries();
  }
}

test("changes of members are answered from the newest ones, through snapshots, and whoever asks for older ones hears so", async (t) => {
  const { rig } = await createGroupOf([bob]);
  const startMs = rig.nowMs;
  rig.nowMs += 1;
  await rig.run("invite", { by: alice, userIds: [carol] });
  const changes = (sinceMs: number) => rig.query("memberChanges", { userId: alice, sinceMs });
  t.like(await changes(startMs), { full: true, members: [] }, "who was there from the beginning is not among them");
  t.like(await changes(startMs + 1), {
    full: false,
    members: [{ userId: carol }],
    goneIds: [],
    changedAtMs: rig.nowMs,
  });
  for (let i = 0; i < 3; i += 1) {
    rig.nowMs += 1;
    await rig.run("invite", { by: alice, userIds: userIds(200, 1_000_000_000_000_000 + 200 * i) });
  }
  t.is((await changes(startMs + 1)).full, true, "more changes than are kept");
  const { members, full } = await changes(rig.nowMs - 1);
  t.deepEqual([full, members.length], [false, 400]);
  t.deepEqual(rig.refold(3), rig.state);
  await rig.run("exit", { userId: carol });
  t.like(await changes(rig.nowMs), { goneIds: [carol] });
});
