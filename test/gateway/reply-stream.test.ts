// A viewer of a reply: chunks in order and once, resets, and one end, whatever the notifications do.
import test, { type ExecutionContext } from "ava";
import type { ReplyView } from "../../actors/reply/contract.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { ReplyStream } from "../../gateway/surfaces/sockets/reply-stream.ts";
import { eventually } from "../suites/eventually.ts";
import { createSeededRandom } from "../support/seeded-random.ts";

/** A reply as its actor holds it, and a viewer of it. */
function createWorld() {
  const shown: string[] = [];
  const replies = new Map<string, { attempt: number; deltas: string[]; status: ReplyView["status"] }>();
  let running: string | undefined;
  let asked = 0;
  const stream = new ReplyStream({
    async read(replyId, afterSeq, attempt) {
      asked += 1;
      const reply = replies.get(replyId)!;
      const from = attempt === reply.attempt || attempt === 0 ? Math.min(afterSeq, reply.deltas.length) : 0;
      const view = {
        ...reply,
        seq: reply.deltas.length,
        deltas: reply.deltas.slice(from),
        firstSeq: from + 1,
        replyId,
      };
      return { ...view, isForgotten: false } as unknown as ReplyView;
    },
    running: async () => running,
    failed: (error) => shown.push(`failed ${error}`),
    listener: {
      chunk: ({ delta }) => shown.push(delta),
      reset: () => shown.push("<reset>"),
      done: ({ status }) => shown.push(`<${status}>`),
    },
  });
  const notification = (type: string, data: object) => ({ type, data }) as unknown as FramedNotification;
  return {
    stream,
    get asked() {
      return asked;
    },
    begins(replyId: string) {
      running = replyId;
      const attempt = (replies.get(replyId)?.attempt ?? 0) + 1;
      replies.set(replyId, { attempt, deltas: [], status: "running" });
      return notification("reply.reset", { replyId, attempt });
    },
    writes(replyId: string, delta: string) {
      const reply = replies.get(replyId)!;
      reply.deltas.push(delta);
      return notification("reply.chunk", { replyId, attempt: reply.attempt, seq: reply.deltas.length, delta });
    },
    ends(replyId: string, status: "completed" | "stopped" | "failed" = "completed") {
      running = undefined;
      replies.get(replyId)!.status = status;
      return notification("reply.done", { replyId, status });
    },
    async shows(t: ExecutionContext, parts: readonly string[], title?: string) {
      await eventually(() => shown.length >= parts.length).catch(() => {}); // the assertion says what is missing
      t.deepEqual(shown, parts, title);
    },
  };
}

test("chunks come in order, and the end after them", async (t) => {
  const world = createWorld();
  world.begins("r");
  for (const delta of ["a", "b", "c"]) world.stream.notified(world.writes("r", delta));
  world.stream.notified(world.ends("r"));
  await world.shows(t, ["a", "b", "c", "<completed>"]);
  t.is(world.asked, 1, "only the end asks");
});

test("what was lost is read, what comes twice is shown once", async (t) => {
  const world = createWorld();
  world.begins("r");
  const [a, , c] = ["a", "b", "c"].map((delta) => world.writes("r", delta));
  for (const each of [a!, a!, c!, a!]) world.stream.notified(each);
  await world.shows(t, ["a", "b", "c"]);
  world.writes("r", "d");
  const end = world.ends("r");
  world.stream.notified(end);
  world.stream.notified(end);
  await world.shows(t, ["a", "b", "c", "d", "<completed>"]);
});

test("a new attempt voids what was shown, also when its notice was lost", async (t) => {
  for (const isLost of [false, true]) {
    const world = createWorld();
    world.begins("r");
    world.stream.notified(world.writes("r", "old"));
    const reset = world.begins("r");
    if (!isLost) world.stream.notified(reset);
    world.stream.notified(world.writes("r", "new"));
    await world.shows(t, ["old", "<reset>", "new"]);
  }
});

test("a viewer that comes late sees the running reply from the start, or from where it was", async (t) => {
  const world = createWorld();
  world.begins("r");
  for (const delta of ["a", "b", "c"]) world.writes("r", delta);
  world.stream.attach(2);
  await world.shows(t, ["c"]);
  world.stream.attach();
  world.stream.notified(world.writes("r", "d"));
  await world.shows(t, ["c", "d"]);
});

test("the end of one reply is shown before the next one, though its notice was lost", async (t) => {
  const world = createWorld();
  world.begins("r1");
  world.stream.notified(world.writes("r1", "a"));
  world.writes("r1", "b");
  world.ends("r1");
  world.begins("r2");
  world.stream.notified(world.writes("r2", "c"));
  await world.shows(t, ["a", "b", "<completed>", "c"]);
});

test("replies that are over are not shown again, although a new owner of their conversation publishes them again", async (t) => {
  const world = createWorld();
  const published: FramedNotification[] = [];
  for (const replyId of ["r1", "r2"]) {
    published.push(world.begins(replyId), world.writes(replyId, replyId), world.ends(replyId));
  }
  for (const notification of published) world.stream.notified(notification);
  const parts = ["r1", "<completed>", "r2", "<completed>"];
  await world.shows(t, parts);
  for (const notification of published) world.stream.notified(notification);
  world.begins("r3");
  for (const notification of [world.writes("r3", "r3"), world.ends("r3")]) world.stream.notified(notification);
  await world.shows(t, [...parts, "r3", "<completed>"]);
});

test("any loss, repetition and delay of notifications shows the same as none", async (t) => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = createSeededRandom(seed);
    const world = createWorld();
    const expected: string[] = [];
    for (let reply = 1; reply <= 3; reply += 1) {
      const id = `r${reply}`;
      const notices = [world.begins(id)];
      const deltas = Array.from({ length: 1 + random.below(5) }, (_, i) => `${reply}${"abcdef"[i]}`);
      for (const delta of deltas) notices.push(world.writes(id, delta));
      notices.push(world.ends(id, "completed"));
      for (const [i, notice] of notices.entries()) {
        const isLast = i === notices.length - 1;
        if (!isLast && random.below(3) === 0) continue;
        world.stream.notified(notice);
        if (random.below(4) === 0) world.stream.notified(notice);
        if (random.below(3) === 0) await Promise.resolve();
      }
      expected.push(...deltas, "<completed>");
      await world.shows(t, expected, `seed ${seed}`);
    }
  }
});
