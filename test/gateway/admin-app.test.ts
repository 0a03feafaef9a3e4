// The parts of the admin pages that need no browser: how the pages are served, numbers, sums, the scale of charts, files of accounts.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import Koa from "koa";
import {
  formatCount,
  formatMoney,
  formatPeriod,
  formatRelative,
  formatShare,
  formatShort,
} from "../../gateway/admin/app/base/format.ts";
import { labelled, stack, ticksTo } from "../../gateway/admin/app/chart/scale.ts";
import { cutIntoParts, decodeText } from "../../gateway/admin/app/data/import.ts";
import type { UsagePoint } from "../../gateway/admin/app/data/shapes.ts";
import { sumAll, sumByGroup } from "../../gateway/admin/app/data/sums.ts";
import { en } from "../../gateway/admin/app/text/en.ts";
import { translate } from "../../gateway/admin/app/text/translate.ts";
import { zh } from "../../gateway/admin/app/text/zh.ts";
import { serveAdminPages } from "../../gateway/admin/pages.ts";
import { chooseLanguage } from "../../gateway/browser/kit/language.ts";
import { createBundledApp } from "../../infra/browser/bundled-app.ts";

async function serve(t: ExecutionContext, app: Parameters<typeof serveAdminPages>[0]) {
  const koa = new Koa().use(serveAdminPages(app));
  koa.silent = true;
  const server = createServer(koa.callback());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return (path: string, options: RequestInit = {}) => fetch(`${base}${path}`, { redirect: "manual", ...options });
}

test("the pages are one document under a strict policy, and its files are kept for ever under the names of their content", async (t) => {
  const get = await serve(t, createBundledApp("admin"));
  const toPages = await get("/admin");
  t.deepEqual([toPages.status, toPages.headers.get("location")], [302, "/admin/"]);
  const page = await get("/admin/");
  const policy = page.headers.get("content-security-policy") ?? "";
  t.true(policy.startsWith("default-src 'none'; script-src 'self'; style-src 'self';"));
  t.notRegex(policy, /unsafe|https?:|\*/);
  const document = await page.text();
  t.is(await (await get("/admin/login.html")).text(), document);
  t.notRegex(document, /<script>|<style|style=| on\w+=|https?:/);
  const files = [...document.matchAll(/"(\/admin\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  t.is(files.length, 4);
  for (const path of files) {
    const file = await get(path);
    t.is(file.status, 200, path);
    t.regex(file.headers.get("cache-control") ?? "", /immutable/);
    t.is(file.headers.get("content-encoding"), "gzip");
    t.true((await file.text()).length > 100);
    t.is((await get(path, { headers: { "accept-encoding": "identity" } })).headers.get("content-encoding"), null);
  }
  for (const path of ["/admin/assets/app-000000000000.js", "/admin/assets/..%2f..%2fpackage.json", "/admin/other"]) {
    t.is((await get(path)).status, 404, path);
  }
  t.is((await get("/admin/", { method: "POST" })).status, 404);
  t.is((await get("/admin/", { method: "HEAD" })).status, 200);
});

test("two gateways of one process get the same pages at once", async (t) => {
  const [one, other] = await Promise.all([createBundledApp("admin").bundle(), createBundledApp("admin").bundle()]);
  t.is(one, other);
});

test("pages that cannot be bundled are tried again at the next request, and a gateway without them has none", async (t) => {
  let tries = 0;
  const get = await serve(t, {
    async bundle() {
      tries += 1;
      if (tries === 1) throw new Error("no bundler");
      return { boot: "1", script: "2", style: "3" };
    },
  });
  t.is((await get("/admin/")).status, 500);
  t.is((await get("/admin/")).status, 200);
  t.is((await get("/admin/login.html")).status, 200);
  t.is(tries, 2);
  t.is((await (await serve(t, undefined))("/admin/")).status, 404);
});

test("numbers have units, and 100 % and $0 are shown for nothing less", (t) => {
  t.is(formatCount("en-US", 1_234_567), "1,234,567");
  t.deepEqual(
    [9_999, 12_345, 4_390_746].map((n) => formatShort("en-US", n)),
    ["9,999", "12.3K", "4.4M"],
  );
  t.is(formatShort("zh-CN", 12_345), "1.2万");
  t.deepEqual(
    [0, 0.000_208, 0.0052, 4.1203, 18.402_113].map((n) => formatMoney("en-US", n)),
    ["$0.00", "$0.000208", "$0.0052", "$4.1203", "$18.40"],
  );
  t.deepEqual(
    [0, 0.9643, 0.999_99, 1].map((n) => formatShare("en-US", n)),
    ["0%", "96.4%", "99.99%", "100%"],
  );
  const now = Date.parse("2026-03-01T12:00:00Z");
  t.is(formatRelative("en-US", "2026-03-01T11:55:00Z", now), "5 minutes ago");
  t.is(formatRelative("zh-CN", "2026-03-04T12:00:00Z", now), "3天后");
  t.is(formatPeriod("en-US", "2026-03-01T05:00:00Z", true), "05:00");
  t.is(formatPeriod("en-US", "2026-03-01T00:00:00Z", false), "Mar 1");
});

test("a scale has round values above the largest bar, and as many labels as fit", (t) => {
  t.deepEqual(ticksTo(0), [0, 1]);
  t.deepEqual(ticksTo(127), [0, 50, 100, 150]);
  t.deepEqual(ticksTo(0.033), [0, 0.01, 0.02, 0.03, 0.04]);
  for (const max of [1, 3, 9.99, 100, 12_345, 1e-6]) {
    const ticks = ticksTo(max);
    t.true((ticks.at(-1) ?? 0) >= max && ticks.length <= 6, `${max}: ${ticks}`);
  }
  t.deepEqual(labelled(24, 330, 58), [0, 6, 12, 18]);
  t.deepEqual(labelled(7, 900, 58), [0, 1, 2, 3, 4, 5, 6]);
  t.deepEqual(labelled(24, 0, 58), [0]);
  t.deepEqual(stack([50, 0, 50], 100, 200), [
    { y: 100, height: 100 },
    { y: 100, height: 0 },
    { y: 0, height: 100 },
  ]);
  t.is(stack([1], 1_000_000, 200)[0]?.height, 1.5, "little is not nothing");
});

test("sums over periods are exact in micro-dollars, and the largest group comes first", (t) => {
  const point = (group: string, requests: number, cost: number): UsagePoint => ({
    ...{ time: "2026-03-01T00:00:00Z", group, requests, failed: 1, unpriced: 0, cost },
    ...{ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  });
  const points = [point("a", 1, 0.1), point("b", 3, 0.2), point("a", 1, 0.2)];
  const groups = sumByGroup(points);
  t.deepEqual(
    groups.map(({ group, requests, cost }) => [group, requests, cost]),
    [
      ["b", 3, 0.2],
      ["a", 2, 0.3],
    ],
  );
  t.like(sumAll(groups), { requests: 5, failed: 3, total_tokens: 45, cost: 0.5 });
  t.like(sumAll([]), { requests: 0, cost: 0 });
});

test("a file of accounts is cut into parts, each account with the name it says", (t) => {
  const many = Array.from({ length: 120 }, (_, i) => ({ email: `p${i}@example.test` }));
  const parts = cutIntoParts("a.json", JSON.stringify({ tokens: many })) ?? [];
  t.deepEqual(
    parts.map(({ accounts, firstNumber }) => [accounts.length, firstNumber]),
    [
      [50, 1],
      [50, 51],
      [20, 101],
    ],
  );
  t.is(parts[2]?.labels[19], "p119@example.test");
  const [odd] = cutIntoParts("b.json", JSON.stringify([{ name: "n" }, { account_id: "i" }, {}, 5, null])) ?? [];
  t.deepEqual(odd?.labels, ["n", "i", "", "", ""]);
  t.deepEqual(cutIntoParts("c.json", "{}")?.length, 1);
  t.deepEqual(cutIntoParts("d.json", "[]"), []);
  t.is(cutIntoParts("e.json", "{broken"), undefined);
  t.is(decodeText(Buffer.from("\uFEFF{}", "utf16le")), "{}");
  t.is(decodeText(Buffer.from("\uFEFF{}")), "{}");
});

test("both languages have every text with the same values in it, and a browser gets the first one it asks for", (t) => {
  const valuesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([name]) => name).toSorted();
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    if (key.endsWith(".one")) continue;
    t.deepEqual(valuesIn(zh[key]), valuesIn(en[key]), key);
    t.true(zh[key].trim() !== "");
  }
  t.is(chooseLanguage(["fr-FR", "zh-TW", "en"]), "zh");
  t.is(chooseLanguage(["fr"]), "en");
  t.is(translate("en", "login.locked", { n: 1 }), "Too many wrong passwords. You can try again in one second.");
  t.is(translate("zh", "tokens.page", { from: 1, to: 50, n: 70 }), "第 1–50 个，共 70 个");
});
