// Appends to 16 shards without pause and prints every acknowledged commit, until it is killed.
import { openSqliteJournal } from "../../infra/sqlite/journal.ts";

const journal = await openSqliteJournal({ path: process.argv[2]! });

async function appendForEver(shard: number): Promise<never> {
  const existing = await journal.read(shard, 0, 1_000_000);
  let last = existing.at(-1)?.sequence ?? 0;
  for (let n = existing.length; ; n++) {
    const outcome = await journal.append(shard, last, new TextEncoder().encode(`${shard}.${n} ${"x".repeat(300)}`));
    if (outcome.kind !== "appended") throw new Error(`shard ${shard} was appended to by another`);
    last = outcome.sequence;
    process.stdout.write(`${shard} ${n} ${last}\n`);
  }
}
await Promise.all(Array.from({ length: 16 }, (_, shard) => appendForEver(shard)));
