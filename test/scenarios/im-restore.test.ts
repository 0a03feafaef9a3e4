// A data folder that is restored from a copy has another history than the clients have seen.
import { cpSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { readIdentity } from "../../infra/sqlite/file-identity.ts";
import { Person } from "../support/person.ts";
import { startTestNode } from "../support/start-node.ts";

type Row = Record<string, unknown>;
type Vector = { userVersion: number; conversations: Record<string, number> };

/** Alice and Bob chat; a copy is made; they chat on; `restore` puts the copy back; they send other messages. */
async function liveTwice(t: ExecutionContext, restore: (dataDir: string, copy: string) => void): Promise<void> {
  const chat = await startTestNode();
  const copy = `${chat.dataDir}-copy`;
  t.teardown(async () => {
    await chat.close();
    rmSync(copy, { recursive: true, force: true });
  });
  const [alice, bob] = [await Person.registers(chat, "alice"), await Person.registers(chat, "bob")];
  await alice.befriends(bob);
  const says = async (text: string) => {
    for (let i = 1; i <= 5; i += 1) {
      const message = {
        sessionId: alice.chatWith(bob),
        contentType: "text",
        content: `${text} ${i}`,
        clientMsgId: `${text}${i}`,
      };
      t.is((await alice.posts("/messages", message)).code, 0);
    }
  };
  const sync = async (known?: { vector: Vector; storeId: unknown }) => {
    const { vector = { userVersion: 0, conversations: {} }, storeId } = known ?? {};
    const body = { vector: vector.conversations, userVersion: vector.userVersion, ...(storeId ? { storeId } : {}) };
    const { data } = await bob.posts("/sync", body);
    return { ...(data as { full: boolean; changes: Row[]; storeId: string }), vector: data.vector as Vector };
  };
  await says("common");
  await chat.restart(() => cpSync(chat.dataDir, copy, { recursive: true, preserveTimestamps: true }));
  await says("lost");
  const held = await sync();
  await chat.restart();
  t.like(await sync(held), { full: false, changes: [], storeId: held.storeId }, "an ordinary restart changes nothing");
  await chat.restart(() => restore(chat.dataDir, copy));
  await says("other");
  await says("more");
  const synced = await sync(held);
  t.true(synced.full);
  t.not(synced.storeId, held.storeId);
  const messages = synced.changes.flatMap((change) => (change.messages ?? []) as Row[]);
  const texts = messages.map(({ content }) => String(content).split(" ")[0]);
  t.deepEqual([...new Set(texts)], ["common", "other", "more"]);
  t.like(await sync(synced), { full: false, changes: [] });
  await chat.restart();
  t.is((await sync(synced)).storeId, synced.storeId);
}

test("clients see a folder restored from a copy as another store", async (t) => {
  if (readIdentity(tmpdir()) === undefined) {
    t.pass("On this file system only the marker file shows a restore.");
    return;
  }
  await liveTwice(t, (dataDir, copy) => {
    rmSync(dataDir, { recursive: true });
    renameSync(copy, dataDir);
  });
});

test("a copy written over the old files is declared by a marker file", (t) =>
  liveTwice(t, (dataDir, copy) => {
    for (const name of ["journal.db", "views.db"]) {
      for (const suffix of ["-wal", "-shm"]) rmSync(join(dataDir, name + suffix), { force: true });
    }
    cpSync(copy, dataDir, { recursive: true, force: true });
    writeFileSync(join(dataDir, "journal.db.restored"), "");
  }));
