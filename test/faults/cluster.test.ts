// Each fault once, on the real processes of a cluster under load. G1–G7 and G9 are checked from the clients' records and the
// journal.
import { needs } from "../support/needs.ts";
import { ClusterRun } from "./cluster-run.ts";
import { faultNamed } from "./faults.ts";

const test = needs<ClusterRun>("nats", "redis", "cassandra");
const chance = { random: Math.random };
let run: ClusterRun | undefined;
const lines: string[] = [];

test.before(async (t) => {
  t.timeout(120_000);
  run = await ClusterRun.start({
    hosts: [
      { name: "both", roles: ["gateway", "actors"] },
      { name: "actors", roles: ["actors"] },
      { name: "gateway", roles: ["gateway"] },
    ],
    nats: 3,
    random: Math.random,
    say: (line) => lines.push(line),
  });
  run.startSending();
});
test.after.always(async () => {
  await run?.close();
});

async function suffer(fault: string, host?: string): Promise<string[]> {
  if (!run) return ["the cluster did not start"];
  const known = run.violations.length;
  const { holdMs, ...rest } = await faultNamed(fault, run.cluster, { ...chance, host });
  await run.suffer({ ...rest, holdMs: Math.min(holdMs, 3_000) });
  return run.violations.slice(known);
}

for (const [story, fault, host] of [
  ["an actor host is killed: its conversations go on, and no socket closes", "kill", "actors"],
  ["a host of both roles is killed: its conversations go on, its devices come back elsewhere", "kill", "both"],
  ["a gateway is killed: its devices come back elsewhere", "kill", "gateway"],
  ["a host is paused for less than its lease, and no user notices", "pause short", "actors"],
  ["an owner that was paused for longer than its lease answers nothing outdated", "pause long", "both"],
  ["an owner that is cut off from NATS is replaced, and comes back under a new boot", "cut nats", "actors"],
  ["a host that is cut off from everything is replaced", "cut all", "both"],
  ["a gateway whose notification bus is interrupted for a moment misses nothing", "blink", "gateway"],
  ["a host without Redis goes on", "cut redis", "both"],
  ["a host without Cassandra goes on", "cut cassandra", "actors"],
  ["a host whose clock jumps hands its conversations over", "clock jump", "actors"],
  ["a NATS server is killed, whatever it leads", "kill nats server", undefined],
  ["a NATS server hangs, whatever it leads", "pause nats server", undefined],
  ["all of NATS is away, and comes back", "pause all nats", undefined],
  ["the journal is full, and gets room again", "full journal", undefined],
  ["Redis dies and comes back empty", "kill redis", undefined],
  ["Cassandra is away, and comes back", "cassandra away", undefined],
  ["every host is restarted, one after another, and no send fails", "rolling restart", undefined],
] as const) {
  test.serial(story, async (t) => {
    t.timeout(120_000);
    const violations = await suffer(fault, host);
    t.log(lines.splice(0).join("\n"));
    t.deepEqual(violations, []);
  });
}

test.serial(
  "after all faults nothing acknowledged is lost, nothing was delivered twice, and every device converges",
  async (t) => {
    t.timeout(400_000);
    const verdict = await run?.judge();
    await run?.checkWholeHistories();
    t.log(lines.splice(0).join("\n"));
    t.deepEqual(run?.violations, []);
    t.true((verdict?.acked ?? 0) > 500, `${verdict?.acked} messages were acknowledged`);
    t.true((verdict?.removals ?? 0) > 2, `${verdict?.removals} removals`);
  },
);
