import test from "ava";
import { msOfStamp, ShardClock, shardOfStamp, stampEpochMs } from "../../actors/runtime/log/stamp.ts";
import { rankHosts, shardCount, shardOf } from "../../actors/runtime/sharding.ts";

test("consecutive ids spread evenly over the shards", (t) => {
  const counts = new Array<number>(shardCount).fill(0);
  for (let i = 0; i < 25_600; i += 1) counts[shardOf("user", String(1_000_000 + i))]! += 1;
  t.true(Math.min(...counts) > 50 && Math.max(...counts) < 170, `${Math.min(...counts)}–${Math.max(...counts)} of 100`);
});

test("the format's hash stays what it is", (t) => {
  t.deepEqual(
    [shardOf("user", "1"), shardOf("conversation", "s_1_2"), shardOf("handle", "email:alice@example.test")],
    [83, 229, 6],
  );
});

test("when a host goes, only its own shards move", (t) => {
  let moved = 0;
  const hosts = ["a", "b", "c"];
  for (let shard = 0; shard < shardCount; shard += 1) {
    const before = rankHosts(shard, hosts)[0]!;
    const after = rankHosts(shard, ["a", "b"])[0]!;
    t.true(after === before || before === "c");
    if (after !== before) moved += 1;
  }
  t.true(moved > 50 && moved < 130, `${moved} of ${shardCount} shards were the third host's`);
});

test("stamps rise through a burst, a clock that stands still and one that goes back", (t) => {
  const clock = new ShardClock(200);
  const nowMs = stampEpochMs + 1_000_000;
  let last = 0;
  for (let i = 0; i < 1_000; i += 1) {
    const stamp = clock.next(i < 500 ? nowMs : nowMs - 5_000);
    t.true(stamp > last);
    t.is(shardOfStamp(stamp), 200);
    last = stamp;
  }
  t.true(Number.isSafeInteger(clock.next(Date.UTC(2090, 0, 1))));
});

test("a new owner goes on above the last commit's stamp", (t) => {
  const old = new ShardClock(7);
  const stamp = old.next(stampEpochMs + 60_000);
  const owner = new ShardClock(7);
  owner.raiseTo(stamp);
  t.true(owner.next(stampEpochMs + 10) > stamp);
  t.is(msOfStamp(stamp), stampEpochMs + 60_000);
});
