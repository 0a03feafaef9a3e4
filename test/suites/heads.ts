// What every cache of heads must do: it may lose heads, and it never returns a stale one.
import type { TestFn } from "ava";
import type { Head } from "../../actors/runtime/head.ts";
import type { Heads } from "../../actors/runtime/ports.ts";
import { eventually } from "./eventually.ts";
import { createSuite, type UnderTest } from "./suite.ts";

interface HeadsUnderTest extends UnderTest {
  readonly heads: Heads;
}

export function headsSuite(test: TestFn, name: string, make: () => Promise<HeadsUnderTest>): void {
  const it = createSuite(test, name, make);
  const head = (version: number, text = "hi"): Head => ({
    version,
    seq: version,
    countSeq: version,
    updatedAtMs: 1_000 + version,
    last: {
      messageId: String(version),
      seq: version,
      senderId: "1",
      contentType: "text",
      preview: text,
      atMs: version,
    },
    readCount: { "1": version },
  });

  it("heads are returned as they were put, unknown ones are absent", async (t, { heads }) => {
    await heads.put(
      new Map([
        ["g_1", head(3, "你好")],
        ["g_2", head(9)],
      ]),
    );
    t.deepEqual(
      await heads.getMany(["g_2", "g_404", "g_1"]),
      new Map([
        ["g_2", head(9)],
        ["g_1", head(3, "你好")],
      ]),
    );
    t.is((await heads.getMany([])).size, 0);
  });

  it("thousands of heads are put and read in one call", async (t, { heads }) => {
    const ids = Array.from({ length: 2_500 }, (_, n) => `g_${n}`);
    await heads.put(new Map(ids.map((id, n) => [id, head(n + 1)])));
    const found = await heads.getMany([...ids, "g_404404"]);
    t.is(found.size, 2_500);
    t.is(found.get("g_2499")?.version, 2_500);
  });

  it("of puts that arrive in any order the newest version stays", async (t, { heads }) => {
    const versions = [3, 9, 1, 7, 2, 8, 5];
    await Promise.all(versions.map((version) => heads.put(new Map([["g_1", head(version)]]))));
    t.is((await heads.getMany(["g_1"])).get("g_1")?.version, 9);
  });

  it("an offered head is stored for the next reader, and never replaces a head that was put", async (t, { heads }) => {
    const found = await heads.getMany(["g_1", "g_2"]);
    await heads.put(new Map([["g_1", head(5)]]));
    const offered: [string, Head][] = [
      ["g_1", head(5, "offered")],
      ["g_2", head(3)],
    ];
    heads.offer?.(new Map(offered), found);
    if (heads.offer) await eventually(async () => (await heads.getMany(["g_2"])).size === 1);
    t.is((await heads.getMany(["g_1"])).get("g_1")?.last?.preview, "hi");
    heads.offer?.(new Map([["g_1", head(4)]]), found);
    await heads.put(new Map([["g_3", head(1)]]));
    t.is((await heads.getMany(["g_1"])).get("g_1")?.version, 5);
  });

  it("a newer head replaces an older one, and an older one that is put again changes nothing", async (t, { heads }) => {
    await heads.put(new Map([["g_1", head(5)]]));
    await heads.put(new Map([["g_1", head(6)]]));
    await heads.put(new Map([["g_1", head(4)]]));
    t.is((await heads.getMany(["g_1"])).get("g_1")?.version, 6);
    await heads.put(new Map([["g_1", head(6, "same version, other marks")]]));
    t.is((await heads.getMany(["g_1"])).get("g_1")?.last?.preview, "same version, other marks");
  });
}
