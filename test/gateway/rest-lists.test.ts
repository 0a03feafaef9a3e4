// Pages of lists: followed to their end they lose nothing, whatever ties or moves meanwhile.
import test from "ava";
import type { Reading, SessionView } from "../../actors/reading/contract.ts";
import { emptyEntry } from "../../actors/user/state.ts";
import { startEdge } from "./rest-edge.ts";

const aliceId = "1001";

interface Page {
  sessions: { sessionId: string; updatedAt: number }[];
  nextCursor: string | null;
}

function sessionsOf(count: number, updatedAtMs: (i: number) => number): SessionView[] {
  return Array.from({ length: count }, (_, i) => {
    const id = `s_${aliceId}_${2_000 + i}`;
    const head = { version: 1, seq: 1, countSeq: 1, updatedAtMs: updatedAtMs(i) };
    const counts = { unreadCount: 0, mentionCount: 0 };
    const entry = { ...emptyEntry, id };
    return { entry, head, ...counts, isHidden: false, name: "", avatar: "", updatedAtMs: updatedAtMs(i) };
  });
}

for (const [name, updatedAtMs] of [
  ["one time for all", () => 1_700_000_000_000],
  ["ties of seven", (i: number) => 1_700_000_000_000 + Math.floor(i / 7)],
  ["no ties", (i: number) => 1_700_000_000_000 + i],
] as const) {
  test(`pages of the conversation list hold every entry: ${name}`, async (t) => {
    const views = sessionsOf(24, updatedAtMs);
    const sessions: Reading["sessions"] = async () => ({
      sessions: views,
      deletedIds: [],
      full: true,
      updateTimeMs: 9,
    });
    await using edge = await startEdge({}, { reading: { sessions } as Reading });
    const token = edge.tokenOf(aliceId);
    const expected = views.map(({ entry }) => entry.id).sort();
    const walk = async (start: string, next: (data: Page) => string): Promise<string[]> => {
      const found: string[] = [];
      for (let query: string | undefined = start; query !== undefined; ) {
        const { body } = await edge.ask("GET", `/api/v1/sessions?limit=5${query}`, { token });
        t.is(body.code, 0);
        found.push(...(body.data as Page).sessions.map(({ sessionId }) => sessionId));
        if (found.length > 100) throw new Error("The pages do not come to an end");
        query = body.data.hasMore ? next(body.data) : undefined;
      }
      return found;
    };
    const byTime = await walk("", ({ sessions: page }) => `&updatedBefore=${page.at(-1)?.updatedAt}`);
    t.deepEqual(byTime.sort(), expected);
    const byCursor = await walk("&cursor=", ({ nextCursor }) => `&cursor=${nextCursor}`);
    t.deepEqual(byCursor.toSorted(), expected);
    const first = (await edge.ask("GET", "/api/v1/sessions?limit=5&cursor=", { token })).body.data;
    const second = (await edge.ask("GET", `/api/v1/sessions?limit=5&cursor=${first.nextCursor}`, { token })).body.data;
    t.is(second.sessions.length, 5, "a page by cursor holds as many as were asked for");
    t.is((await edge.ask("GET", "/api/v1/sessions?cursor=nonsense", { token })).body.code, 1);
  });
}
