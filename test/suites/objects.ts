// What every store of objects must do.
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import type { ExecutionContext, TestFn } from "ava";
import type { ByteRange, Objects } from "../../actors/file/objects.ts";
import { DomainError, type ErrorName } from "../../actors/shared/errors.ts";
import { createSuite, type UnderTest } from "./suite.ts";

interface ObjectsUnderTest extends UnderTest {
  readonly objects: Objects;
  /** Whatever the store holds: objects, parts of interrupted puts. */
  stored(): Promise<number>;
  /** Names that the server behind this adapter cannot keep. */
  readonly unusable?: RegExp;
}

const mebibyte = 1_024 * 1_024;
const facts = { mime: "text/plain", maxBytes: 64 * mebibyte };

export function objectsSuite(test: TestFn, name: string, make: () => Promise<ObjectsUnderTest>): void {
  const it = createSuite(test, name, make);

  it("an object comes back as it was put, with its size and hash", async (t, { objects }) => {
    for (const bytes of [Buffer.alloc(0), Buffer.from("hello"), sample(13 * mebibyte)]) {
      const put = await objects.put("one", inPieces(bytes, 100_000), facts);
      const [sha256, md5] = ["sha256", "md5"].map((name) => createHash(name).update(bytes).digest("hex"));
      t.deepEqual(put, { size: bytes.length, sha256, md5 });
      t.deepEqual(await objects.stat("one"), { size: bytes.length });
      const got = await objects.get("one");
      t.is(got.size, bytes.length);
      t.true((await buffer(got.bytes)).equals(bytes));
    }
  });

  it("a second put takes the place of the first", async (t, { objects, stored }) => {
    await put(objects, "one", "first and longer");
    await put(objects, "one", "second");
    t.is(await text(objects, "one"), "second");
    t.is(await stored(), 1);
  });

  it("a copy is an object of its own, in place of the one with its name", async (t, { objects, stored }) => {
    await put(objects, "one", "the bytes");
    await put(objects, "two", "others");
    await objects.copy("one", "two");
    await objects.copy("one", "two");
    t.is(await stored(), 2);
    await objects.delete("one");
    t.is(await text(objects, "two"), "the bytes");
    await put(objects, "one", "changed");
    await objects.copy("two", "folder/ü three");
    await put(objects, "two", "changed, too");
    t.is(await text(objects, "folder/ü three"), "the bytes");
    await t.throwsAsync(() => objects.copy("none", "two"), { instanceOf: DomainError, message: /no such file/ });
    t.is(await text(objects, "two"), "changed, too");
  });

  it("a range is answered with the size of the whole", async (t, { objects }) => {
    await put(objects, "one", "0123456789");
    const cases: [ByteRange, string][] = [
      [{ first: 0, last: 0 }, "0"],
      [{ first: 3, last: 5 }, "345"],
      [{ first: 7 }, "789"],
      [{ first: 8, last: 99 }, "89"],
      [{ first: 0, last: 9 }, "0123456789"],
    ];
    for (const [range, expected] of cases) {
      const got = await objects.get("one", range);
      t.is(got.size, 10, JSON.stringify(range));
      t.is((await buffer(got.bytes)).toString(), expected, JSON.stringify(range));
    }
  });

  it("a reader that leaves early leaves the object whole", async (t, { objects }) => {
    const bytes = sample(3 * mebibyte);
    await objects.put("one", inPieces(bytes, mebibyte), facts);
    for await (const _ of (await objects.get("one")).bytes) break;
    t.true((await buffer((await objects.get("one")).bytes)).equals(bytes));
  });

  it("an object that is too large is refused, and nothing of it stays", async (t, { objects, stored }) => {
    for (const size of [11, 12 * mebibyte]) {
      const maxBytes = size - 1;
      const putting = objects.put("big", inPieces(sample(size), mebibyte), { ...facts, maxBytes });
      await refused(t, putting, "file.too_large");
      t.is(await objects.stat("big"), undefined);
    }
    t.is(await stored(), 0);
    await objects.put("big", inPieces(sample(11), 5), { ...facts, maxBytes: 11 });
    t.deepEqual(await objects.stat("big"), { size: 11 });
  });

  it("a source that breaks off leaves what was there before", async (t, { objects, stored }) => {
    await put(objects, "kept", "before");
    for (const size of [5, 12 * mebibyte]) {
      for (const name of ["kept", "new"]) {
        await t.throwsAsync(objects.put(name, breakingOff(sample(size)), facts), { message: "the client left" });
      }
    }
    t.is(await text(objects, "kept"), "before");
    t.is(await objects.stat("new"), undefined);
    t.is(await stored(), 1);
  });

  it("what is not there is not found, and deleting it again is no error", async (t, { objects, stored }) => {
    t.is(await objects.stat("none"), undefined);
    await refused(t, objects.get("none"), "file.not_found");
    await refused(t, objects.get("none", { first: 0 }), "file.not_found");
    await put(objects, "one", "1");
    await objects.delete("one");
    await objects.delete("one");
    await objects.delete("none");
    await refused(t, objects.get("one"), "file.not_found");
    t.is(await stored(), 0);
  });

  it("a name may hold any characters, and leads to its own object only", async (t, { objects, unusable }) => {
    const names = [
      ...["a", "A", "a/b", "a//b", "../a", "../../etc/passwd", "/a", "a/.", "a/..", "C:\\a", "con", "a b+c%20?x=1#y&z"],
      ...["文件/图片.png", "e\u0301", "\u00e9", "🦀", "*|<>:\"'", "a\tb", `long-${"x".repeat(200)}`],
    ].filter((each) => !unusable?.test(each));
    for (const each of names) await put(objects, each, `of ${each}`);
    for (const each of names) t.is(await text(objects, each), `of ${each}`, each);
    for (const each of names) await objects.delete(each);
    for (const each of names) t.is(await objects.stat(each), undefined, each);
  });

  it("a name without characters, or with too many, is refused", async (t, { objects }) => {
    for (const each of ["", "x".repeat(1_025), "é".repeat(513)]) {
      await refused(t, put(objects, each, "1"), "common.invalid");
      await refused(t, objects.get(each), "common.invalid");
      await refused(t, objects.delete(each), "common.invalid");
    }
  });

  it("puts of one name at the same time leave one of them whole", async (t, { objects, stored }) => {
    const all = Array.from({ length: 8 }, (_, n) => Buffer.alloc(200_000, n));
    await Promise.all(all.map((bytes) => objects.put("one", inPieces(bytes, 10_000), facts)));
    const got = await buffer((await objects.get("one")).bytes);
    t.true(all.some((bytes) => bytes.equals(got)));
    t.is(await stored(), 1);
  });
}

async function put(objects: Objects, name: string, content: string): Promise<void> {
  await objects.put(name, inPieces(Buffer.from(content), 1_000), facts);
}

async function text(objects: Objects, name: string): Promise<string> {
  return (await buffer((await objects.get(name)).bytes)).toString();
}

async function refused(t: ExecutionContext, act: Promise<unknown>, error: ErrorName): Promise<void> {
  const thrown = await t.throwsAsync(act, { instanceOf: DomainError });
  t.is(thrown?.error, error);
}

function sample(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 997) bytes[at] = at % 251;
  return bytes;
}

async function* inPieces(bytes: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function* breakingOff(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield* inPieces(bytes, 100_000);
  throw new Error("the client left");
}
