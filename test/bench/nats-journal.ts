// Measures the CPU time of the cluster's journal, in the client and in the servers, per commit (10 records of 300 bytes).
// `node test/bench/nats-journal.ts [1|3] [streams]`: servers (1), streams (1).
import { connectNats } from "../../infra/nats/connection.ts";
import { openNatsJournal } from "../../infra/nats/journal.ts";
import { silentLog } from "../support/silent-log.ts";
import { startNats } from "../support/stack.ts";
import { cpuMicros } from "./measure.ts";

const count = process.argv[2] === "3" ? 3 : 1;
const streams = Number(process.argv[3] ?? 1);
const commitBytes = 3_000;
const recordsPerCommit = 10;
const warmUpMs = 500;
const runMs = 3_000;

const log = { ...silentLog, warn: console.error, error: console.error };
const nats = await startNats({ servers: count });
const connection = await connectNats({ urls: nats.urls, name: "bench", log });
const journal = await openNatsJournal({ connection, streams, replicas: count, maxBytesPerStream: 4 * 1024 ** 3, log });
const commit = new Uint8Array(commitBytes).fill(65);
const lasts = new Map<number, number>();

/** Every shard has one commit in flight, as the runtime has. */
async function commitFor(shards: number, forMs: number): Promise<number[]> {
  const latenciesMs: number[] = [];
  const endMs = performance.now() + forMs;
  const own = async (shard: number): Promise<void> => {
    for (let nowMs = performance.now(); nowMs < endMs; ) {
      const startMs = nowMs;
      const outcome = await journal.append(shard, lasts.get(shard) ?? 0, commit);
      lasts.set(shard, outcome.kind === "appended" ? outcome.sequence : outcome.lastSequence);
      nowMs = performance.now();
      latenciesMs.push(nowMs - startMs);
    }
  };
  await Promise.all(Array.from({ length: shards }, (_, shard) => own(shard)));
  return latenciesMs.sort((a, b) => a - b);
}

const serversMicros = (): number => nats.servers.reduce((sum, { pid }) => sum + cpuMicros(pid), 0);

console.log(`${count} server(s), ${streams} stream(s)`);
for (const shards of [1, 16, 256]) {
  await commitFor(shards, warmUpMs);
  const [client, servers, startMs] = [process.cpuUsage(), serversMicros(), performance.now()];
  const latenciesMs = await commitFor(shards, runMs);
  const { user, system } = process.cpuUsage(client);
  const commits = latenciesMs.length;
  const at = (share: number): string => (latenciesMs[Math.floor(commits * share)] ?? 0).toFixed(2);
  const perSecond = Math.round(commits / ((performance.now() - startMs) / 1_000));
  const clientMicros = (user + system) / commits;
  console.log(
    [
      `${String(shards).padStart(3)} shards`,
      `${String(perSecond).padStart(6)} commits/s`,
      `client ${clientMicros.toFixed(1)} µs a commit, ${(clientMicros / recordsPerCommit).toFixed(1)} a record`,
      `servers ${((serversMicros() - servers) / commits).toFixed(0)} µs a commit`,
      `p50 ${at(0.5)}  p99 ${at(0.99)} ms`,
    ].join("  "),
  );
}
journal.close();
await connection.close();
await nats.close();
