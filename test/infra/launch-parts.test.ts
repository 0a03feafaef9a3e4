// The parts of every process: log, metrics, health, clock, and the order of start and shutdown.
import test from "ava";
import { createStats } from "../../actors/runtime/stats.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { explainStart } from "../../infra/node/explain.ts";
import { createHealth } from "../../infra/node/health.ts";
import { createLifecycle } from "../../infra/node/lifecycle.ts";
import { createLog, type LogFormat, type LogLevel } from "../../infra/observe/log.ts";
import { createMetrics } from "../../infra/observe/metrics.ts";
import { DataDirLockedError } from "../../infra/sqlite/errors.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { orUnavailable } from "../../infra/views/away-readers.ts";
import { StorageError } from "../../infra/views/storage-error.ts";

function logbook(format: LogFormat = "json", level: LogLevel = "debug") {
  const lines: string[] = [];
  const log = createLog({
    level,
    format,
    nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5),
    write: (line) => lines.push(line),
  });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? "{}") };
}

test("a log line is one line of JSON, or readable text", (t) => {
  const { log, lines } = logbook();
  log.info("listening", { port: 8080, url: "http://localhost:8080" });
  t.is(
    lines[0],
    '{"at":"2026-01-02T03:04:05.000Z","level":"info","message":"listening","port":8080,"url":"http://localhost:8080"}\n',
  );
  const pretty = logbook("pretty");
  pretty.log.warn("slow\nreader", { userId: "7", bytes: 12 });
  t.is(pretty.lines[0], "03:04:05.000 warn  slow\nreader  userId=7  bytes=12\n");
  const quiet = logbook("json", "error");
  quiet.log.info("left out");
  quiet.log.error("written");
  t.is(quiet.lines.length, 1);
});

test("no secret reaches the log, at any depth of a line's fields", (t) => {
  const { log, lines, last } = logbook();
  const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
  log.error("refused eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", {
    password: "hunter2",
    body: { newPassword: "hunter3", verifyCode: "042517", code: "123456", nested: [{ refreshToken: "r1" }] },
    headers: { authorization: `Bearer ${jwt}`, cookie: "a=b" },
    url: `/ws?token=${jwt}&deviceId=d1`,
    params: { id: "sk-fedcba98fedcba98", name: "nk-fedcba98fedcba98" },
    asked: "/v1/models?api_key=k456&access_code=k789&monkey=1",
    smtp: "smtp://parley:hunter4@mail.example.test:587/x",
    error: new Error(`upstream said Bearer abc.def`, { cause: new Error("?code=042517&x=1") }),
    closeCode: 4008,
    code: "ECONNREFUSED",
  });
  const line = lines[0] ?? "";
  for (const secret of [
    "hunter",
    "042517",
    "123456",
    'r1"',
    "a=b",
    "c2lnbmF0dXJl",
    "abc.def",
    "fedcba98fedcba98",
    "k456",
    "k789",
  ]) {
    t.false(line.includes(secret), secret);
  }
  t.like(last(), { closeCode: 4008, code: "ECONNREFUSED", smtp: "smtp://[redacted]@mail.example.test:587/x" });
  t.is(last().url, "/ws?token=[redacted]&deviceId=d1");
});

test("a log line is bounded: depth, length and number of entries", (t) => {
  const { log, lines, last } = logbook();
  const loop: Record<string, unknown> = { name: "loop" };
  loop.self = loop;
  log.info("much", {
    loop,
    long: "x".repeat(100_000),
    many: Array.from({ length: 1_000 }, (_, n) => n),
    frame: Buffer.alloc(9),
  });
  t.true((lines[0] ?? "").length < 12_000);
  t.like(last(), { frame: "[9 bytes]" });
  t.is(last().many.at(-1), "… and 900 more");
});

test("metrics are counted in plain numbers and rendered on request", async (t) => {
  const metrics = createMetrics();
  const stats = createStats();
  metrics.watchCounters(
    "actors",
    { commits: "Commits appended.", mailboxRejections: "Commands refused." },
    () => stats,
  );
  metrics.watchGauge("projector_lag_bytes", "Journaled, not yet in the views.", () => 17);
  metrics.watchGauge("queue_length", "Waiting.", () => ({ journal: 1, views: 2 }));
  const { gateway } = metrics;
  gateway.connections(1);
  gateway.connections(1);
  gateway.connections(-1);
  gateway.frameIn("PING");
  gateway.frameIn("PING");
  gateway.framesOut(3, 300);
  gateway.closed(4008);
  gateway.gap("pulled");
  gateway.request("GET /api/v1/sessions", 200, 4);
  for (let n = 0; n < 500; n += 1) gateway.frameIn(`X${n}`);
  stats.commits = 5;
  stats.mailboxRejections = 1;

  const { body, contentType } = await metrics.render();
  t.regex(contentType, /^text\/plain/);
  for (const line of [
    "parley_connections 1",
    'parley_frames_in_total{type="PING"} 2',
    'parley_frames_in_total{type="other"} 301',
    "parley_frames_out_total 3",
    "parley_bytes_out_total 300",
    'parley_connections_closed_total{code="4008"} 1',
    'parley_gaps_total{kind="pulled"} 1',
    'parley_request_seconds_bucket{le="0.005",route="GET /api/v1/sessions",status="200"} 1',
    "parley_actors_commits_total 5",
    "parley_actors_mailbox_rejections_total 1",
    "parley_projector_lag_bytes 17",
    'parley_queue_length{part="views"} 2',
  ]) {
    t.true(body.includes(`${line}\n`), line);
  }
  t.regex(body, /process_cpu_seconds_total/);
  t.is(
    (await metrics.render()).body.match(/parley_frames_out_total 3/g)?.length,
    1,
    "rendering twice counts nothing twice",
  );
});

test("100 ready requests at once ask each server once", async (t) => {
  let asked = 0;
  const answer = Promise.withResolvers<string>();
  const views = () => {
    asked += 1;
    return answer.promise;
  };
  const metrics = createMetrics();
  const health = createHealth({
    metrics,
    durability: "",
    probes: { views },
    sideProbes: {},
    isDraining: () => false,
    hasOtherHosts: () => false,
  });
  const crowd = Promise.all(Array.from({ length: 100 }, () => health.ready()));
  answer.resolve("12 shards have a mark");
  t.true((await crowd).every(({ ready }) => ready));
  t.is(asked, 1);
  await health.ready();
  t.is(asked, 2, "an answer is not cached");
});

test("a draining host is not ready, even if its parts are", async (t) => {
  let isDraining = false;
  const health = createHealth({
    metrics: createMetrics(),
    durability: "fsync",
    probes: { views: async () => "fine" },
    sideProbes: {},
    isDraining: () => isDraining,
    hasOtherHosts: () => false,
  });
  t.like(await health.ready(), { ready: true, draining: false });
  isDraining = true;
  t.like(await health.ready(), { ready: false, draining: true, parts: { views: { ok: true } } });
});

test("parts start in order and end in reverse order: all drain, then all stop", async (t) => {
  const story: string[] = [];
  const { log } = logbook();
  const lifecycle = createLifecycle({ log, timeoutMs: 1_000 });
  for (const name of ["journal", "actors", "gateway"]) {
    await lifecycle.start({
      name,
      start: () => void story.push(`${name} up`),
      drain: async () => void story.push(`${name} drains`),
      stop: () => void story.push(`${name} stops`),
    });
  }
  const [first, second] = await Promise.all([lifecycle.shutdown("SIGTERM"), lifecycle.shutdown("again")]);
  t.deepEqual([first, second], [{ clean: true }, { clean: true }]);
  t.deepEqual(story, [
    ...["journal up", "actors up", "gateway up"],
    ...["gateway drains", "actors drains", "journal drains"],
    ...["gateway stops", "actors stops", "journal stops"],
  ]);
  await t.throwsAsync(lifecycle.start({ name: "late" }), { message: /going down/ });
});

test("a host whose shards other hosts have taken over stops without draining", async (t) => {
  const lifecycle = createLifecycle({ log: logbook().log, timeoutMs: 60_000 });
  const steps: string[] = [];
  await lifecycle.start({
    name: "gateway",
    drain: () => {
      steps.push("drain");
      return new Promise(() => {}); // never settles
    },
    stop: () => void steps.push("stop"),
  });
  t.deepEqual(await lifecycle.shutdown("closed by others", { drains: false }), { clean: true });
  t.deepEqual(steps, ["stop"]);
});

test("a part that hangs or throws at shutdown is named in the log, and the others still stop", async (t) => {
  const { log, lines } = logbook();
  const lifecycle = createLifecycle({ log, timeoutMs: 300 });
  const stopped: string[] = [];
  await lifecycle.start({ name: "journal", stop: () => void stopped.push("journal") });
  await lifecycle.start({ name: "sockets", drain: () => new Promise(() => {}) });
  await lifecycle.start({
    name: "views",
    stop: () => {
      throw new Error("disk full");
    },
  });
  const beganMs = performance.now();
  t.deepEqual(await lifecycle.shutdown("SIGTERM"), { clean: false });
  t.true(performance.now() - beganMs < 1_000);
  t.deepEqual(stopped, ["journal"]);
  t.regex(lines.join(), /"part":"sockets","step":"drain".*"part":"views","step":"stop".*disk full/s);
});

test("when a part fails to start, the parts before it are stopped", async (t) => {
  const { log } = logbook();
  const lifecycle = createLifecycle({ log, timeoutMs: 300, startTimeoutMs: 50 });
  const stopped: string[] = [];
  await lifecycle.start({ name: "journal", stop: () => void stopped.push("journal") });
  await t.throwsAsync(lifecycle.start({ name: "gateway", start: () => new Promise(() => {}) }), {
    message: "gateway did not start within 50 ms",
  });
  t.deepEqual(stopped, ["journal"]);
});

test("a start that fails for a reason the operator can mend says how, and any other error is shown as a bug", (t) => {
  const failed = (syscall: string, code: string) => Object.assign(new Error(`${syscall} ${code}`), { syscall, code });
  t.regex(explainStart(failed("listen", "EADDRINUSE")) ?? "", /PORT=8081/);
  t.regex(explainStart(failed("listen", "EADDRNOTAVAIL")) ?? "", /HOST is not an address/);
  t.regex(explainStart(failed("listen", "EACCES")) ?? "", /higher/);
  t.regex(explainStart(failed("mkdir", "EEXIST")) ?? "", /DATA_DIR/);
  t.regex(explainStart(new DataDirLockedError("data/journal.db")) ?? "", /data\/journal\.db\nStop that process/);
  t.is(explainStart(new TypeError("a bug")), undefined);
});

test("a timer calls back once, not early, and not at all when cancelled", async (t) => {
  const beganMs = systemClock.monotonicMs();
  let cancelledRan = false;
  const cancel = systemClock.after(5, () => {
    cancelledRan = true;
  });
  cancel();
  const overflow = systemClock.after(2 ** 31 + 10, () => t.fail("a long timer fired at once"));
  await new Promise<void>((resolve) => systemClock.after(20, resolve));
  overflow();
  t.true(systemClock.monotonicMs() - beganMs >= 19);
  t.false(cancelledRan);
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    systemClock.soon(() => {
      order.push("soon");
      resolve();
    });
    order.push("now");
  });
  t.deepEqual(order, ["now", "soon"]);
});

test("a reader whose store does not answer rejects with a retryable error, and other errors stay unchanged", async (t) => {
  const reports: string[] = [];
  let failure: Error = new StorageError("failed", "no host answers");
  const readers = orUnavailable({ list: async () => Promise.reject(failure) }, (message) => reports.push(message));
  await t.throwsAsync(readers.list(), { instanceOf: DomainError, message: /cannot answer now/ });
  t.deepEqual(reports, ["views: read failed"]);
  failure = new TypeError("a bug");
  await t.throwsAsync(readers.list(), { instanceOf: TypeError });
});
