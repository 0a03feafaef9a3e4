// The admin pages, used in a real browser as an administrator uses them.
import type { ExecutionContext } from "ava";
import type { Page } from "playwright-core";
import { closeChromium, openPage } from "../support/chromium.ts";
import { startIdentityProvider } from "../support/llm/identity-provider.ts";
import { refusal } from "../support/llm/openai-bytes.ts";
import { startScriptedUpstream } from "../support/llm/scripted-upstream.ts";
import { startV1 } from "../support/llm/v1-node.ts";
import { needs } from "../support/needs.ts";
import { faultsOf } from "../support/page-checks.ts";
import { startTestNode } from "../support/start-node.ts";
import { SurfaceClient } from "../support/surface-client.ts";

const test = needs("chromium");
test.after.always(closeChromium);

const password = "correct horse battery";
const admin = { ADMIN_USERNAME: "root", ADMIN_PASSWORD: password };

/** A node with a pool, its upstream and its token endpoint. */
async function startPool(t: ExecutionContext) {
  const provider = await startIdentityProvider();
  const pooled = await startScriptedUpstream();
  const v1 = await startV1(t, { env: { ...admin, POOL_UPSTREAM_URL: pooled.url, POOL_TOKEN_URL: provider.url } });
  t.teardown(async () => {
    await pooled.close();
    await provider[Symbol.asyncDispose]();
  });
  return { ...v1, provider, pooled };
}

async function logIn(page: Page, port: number, secret = password): Promise<void> {
  await page.goto(`http://127.0.0.1:${port}/admin/login.html`);
  await page.getByLabel("Username").fill("root");
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await page.getByRole("button", { name: "Log in" }).click();
}

function heading(page: Page, name: string) {
  return page.getByRole("heading", { level: 1, name }).waitFor();
}

function goTo(page: Page, name: string): Promise<void> {
  return page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name }).click();
}

test("an administrator makes a key, a program uses it, and the pages show what the ledger holds", async (t) => {
  const { node, pooled, provider } = await startPool(t);
  const { page, problems } = await openPage({ permissions: ["clipboard-read", "clipboard-write"] });
  await logIn(page, node.port);
  await heading(page, "Dashboard");
  t.is(new URL(page.url()).pathname, "/admin/");
  await page.getByText("No requests in this time").waitFor();

  await page.getByRole("link", { name: "Import accounts" }).click();
  const account = provider.issue({ name: "ann" });
  const file = (name: string, content: unknown) => ({
    ...{ name, mimeType: "application/json" },
    buffer: Buffer.from(typeof content === "string" ? content : JSON.stringify(content)),
  });
  const ann = { email: account.email, access_token: account.accessToken, refresh_token: account.refreshToken };
  await page
    .getByLabel("Choose files")
    .setInputFiles([file("good.json", [ann, { email: "nobody@example.test" }]), file("broken.json", "{")]);
  await page.getByRole("dialog").getByRole("button", { name: "Import", exact: true }).click();
  await page.getByText("1 of 3 accounts were imported.").waitFor();
  const results = page.getByRole("dialog").getByRole("row");
  t.deepEqual(
    (await results.allInnerTexts()).slice(1).map((row) => row.split("\t").map((cell) => cell.trim())),
    [
      ["broken.json", "broken.json", "This is no JSON. Check that the whole file was saved."],
      ["nobody@example.test", "good.json", "access_token is missing."],
      [account.email, "good.json", "Imported"],
    ],
  );
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  const tokenRow = page.getByRole("row", { name: new RegExp(account.email) });
  await tokenRow.getByText("Active", { exact: true }).waitFor();
  await tokenRow.getByText("never").waitFor();
  await tokenRow.getByRole("button", { name: /Refresh/ }).click();
  await page.getByText(/was refreshed/).waitFor();
  t.is(provider.journal.length, 1);

  await goTo(page, "API keys");
  await page.getByRole("button", { name: "New key" }).first().click();
  await page.getByLabel("Name").fill("laptop");
  await page.getByLabel("Requests per minute").fill("x");
  await page.getByText("Enter a whole number from 0").waitFor();
  await page.getByLabel("Requests per minute").fill("60");
  await page.getByRole("button", { name: "Make the key" }).click();
  await page.getByRole("dialog", { name: "Your new key" }).getByRole("button", { name: "Copy" }).first().click();
  const key = String(await page.evaluate("navigator.clipboard.readText()"));
  t.regex(key, /^sk-[0-9A-Za-z]{32}$/);
  await page.keyboard.press("Escape");
  t.false((await page.content()).includes(key), "it is shown once");

  const ask = (model: string) =>
    fetch(`http://127.0.0.1:${node.port}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "hello" }] }),
    });
  for (let i = 0; i < 3; i += 1) t.is((await ask("gpt-4o-mini")).status, 200);
  pooled.next(refusal(400));
  t.is((await ask("gpt-4o")).status, 400);

  const root = new SurfaceClient(node);
  root.token = (await root.posts("/admin/login", { username: "root", password })).body.token;
  await goTo(page, "Logs");
  await page.getByRole("button", { name: "Reload" }).click();
  const rows = page.getByRole("table", { name: "Logs" }).locator("tbody tr");
  await t.notThrowsAsync(rows.nth(3).waitFor());
  t.is(await rows.count(), 4);
  const { logs } = (await root.gets("/admin/logs")).body as { logs: { total_tokens: number; cost: number }[] };
  t.is(logs.length, 4);
  t.true((await rows.first().innerText()).includes("laptop"));
  await page.getByText("Failed", { exact: true }).click();
  await rows.nth(1).waitFor({ state: "detached" });
  t.true((await rows.first().innerText()).includes("400"));
  t.true(page.url().endsWith("#/logs?status=error"));
  await rows.first().getByRole("button").click();
  await page.getByRole("dialog").getByText("gpt-4o", { exact: true }).waitFor();
  await page.keyboard.press("Escape");

  await goTo(page, "Dashboard");
  const { totals } = (await root.gets("/admin/stats/overview")).body;
  const sum = (of: "total_tokens" | "cost") => logs.reduce((all, row) => all + Math.round(row[of] * 1e6), 0) / 1e6;
  t.deepEqual(
    [totals.requests, totals.failed, totals.total_tokens, totals.cost],
    [4, 1, sum("total_tokens"), sum("cost")],
  );
  t.true(totals.cost > 0);
  const tile = (title: string) => page.locator(".tile", { hasText: title }).innerText();
  await page.locator(".tile b:not(.waiting)").first().waitFor();
  t.regex(await tile("Requests today"), /\n4\n1 failed$/);
  t.regex(await tile("Success rate"), /75%/);
  t.regex(await tile("Tokens, 30 days"), new RegExp(`\n${totals.total_tokens}\n`));
  t.true((await tile("Cost, 30 days")).includes(`$${totals.cost}`));
  const total = page.getByRole("table", { name: "Where it goes" }).locator("tfoot");
  await total.getByText("Total").waitFor();
  t.regex(await total.innerText(), /^Total\s+4\s+1\s/);
  t.deepEqual(problems, []);
});

test("a wrong password is said, too many are counted down, and a password that is changed ends the old one", async (t) => {
  const node = await startTestNode({ env: { ...admin, RATE_LIMITS: "on" } });
  t.teardown(() => node.close());
  const { page, problems } = await openPage();
  await page.goto(`http://127.0.0.1:${node.port}/admin/`);
  await page.waitForURL("**/admin/login.html");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("Enter the username and the password.").waitFor();
  await logIn(page, node.port, "guess");
  await page.getByText("The username or the password is wrong.").waitFor();
  await logIn(page, node.port);
  await heading(page, "Dashboard");

  await page.goto(`http://127.0.0.1:${node.port}/admin/#/settings`);
  await heading(page, "Settings");
  const next = "another long password";
  const change = async (old: string, chosen: string, repeated: string) => {
    await page.getByLabel("Current password").fill(old);
    await page.getByLabel("New password", { exact: true }).fill(chosen);
    await page.getByLabel("New password again").fill(repeated);
    await page.getByRole("button", { name: "Change the password" }).click();
  };
  await change(password, "short", "short");
  await page.getByText("The new password needs 8 to 128 characters.").waitFor();
  await change(password, next, `${next}x`);
  await page.getByText("The two new passwords differ.").waitFor();
  await change("guess", next, next);
  await page.getByText("The current password is wrong.").waitFor();
  await change(password, next, next);
  await page.getByText("The password was changed.").waitFor();
  await page.getByRole("switch", { name: "Ask guests for an access code" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The configuration was saved.").waitFor();
  t.true(((await (await fetch(`http://127.0.0.1:${node.port}/api/config`)).json()) as { needCode: boolean }).needCode);

  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL("**/admin/login.html");
  await page.goBack().catch(() => {});
  t.is(await page.getByRole("navigation", { name: "Pages" }).count(), 0);
  await logIn(page, node.port);
  await page.getByText("The username or the password is wrong.").waitFor();
  await logIn(page, node.port, next);
  await heading(page, "Dashboard");

  await page.getByRole("button", { name: "Log out" }).click();
  for (let i = 0; i < 12; i += 1) {
    const answer = page.waitForResponse("**/admin/login");
    await logIn(page, node.port, "guess");
    if ((await answer).status() === 429) break;
  }
  await page.getByText(/You can try again in \d+ seconds/).waitFor();
  t.true(await page.getByRole("button", { name: "Log in" }).isDisabled());
  t.deepEqual(problems, []);
});

test("a login that ends leads back to where the administrator was", async (t) => {
  const node = await startTestNode({ env: admin });
  t.teardown(() => node.close());
  const { page, problems } = await openPage();
  await logIn(page, node.port);
  await goTo(page, "Tokens");
  await page.getByText("No accounts yet").waitFor();
  await page.context().clearCookies();
  await goTo(page, "API keys");
  await page.getByText("Your login has ended. Log in again to go on.").waitFor();
  await page.getByLabel("Username").fill("root");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
  await heading(page, "API keys");
  t.deepEqual(problems, []);
});

test("the keyboard reaches everything: dialogs close by Esc and give the focus back, charts are read by arrow keys", async (t) => {
  const { node, key } = await startPool(t);
  await fetch(`http://127.0.0.1:${node.port}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4o-mini", messages: [{ role: "user", content: "hello" }] }),
  });
  const { page, problems } = await openPage();
  await logIn(page, node.port);
  await heading(page, "Dashboard");
  const chart = page.getByRole("img", { name: /^Requests/ });
  await chart.waitFor();
  await chart.focus();
  await page.keyboard.press("End");
  t.regex(await page.locator(".tooltip").innerText(), /UTC\s+Answered\s+1\s+Failed\s+0/);
  await page.keyboard.press("ArrowLeft");
  t.regex(await page.locator(".tooltip").innerText(), /Answered\s+0/);
  await page.keyboard.press("Escape");
  t.is(await page.locator(".tooltip").count(), 0);
  await page.getByText("Show as a table").first().click();
  t.is(await page.getByRole("table", { name: "Requests" }).locator("tbody tr").count(), 24);

  await goTo(page, "API keys");
  await heading(page, "API keys");
  const open = page.getByRole("button", { name: "New key" }).first();
  await open.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "New API key" }).waitFor();
  t.is(await page.locator(":focus").getAttribute("maxlength"), "100", "the name comes first");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  t.is(await page.locator(":focus").innerText(), "New key");
  await page.keyboard.press("Tab");
  const outline = await page.locator(":focus").evaluate((element) => {
    // biome-ignore lint/suspicious/noExplicitAny: this side has no types of the browser
    const style = (globalThis as any).getComputedStyle(element);
    return `${style.outlineStyle} ${style.outlineWidth}`;
  });
  t.is(outline, "solid 2px");
  t.deepEqual(problems, []);
});

test("the pages speak the browser's language and colors, and keep what is chosen", async (t) => {
  const node = await startTestNode({ env: admin });
  t.teardown(() => node.close());
  const { page, problems } = await openPage({ locale: "zh-CN", colorScheme: "dark" });
  await page.goto(`http://127.0.0.1:${node.port}/admin/login.html`);
  await page.getByRole("heading", { name: "管理后台" }).waitFor();
  t.is(await page.locator("html").getAttribute("lang"), "zh-CN");
  const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
  const dark = await ground();
  await page.getByRole("button", { name: "外观: 浅色" }).click();
  t.not(await ground(), dark);
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("heading", { name: "Administration" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Administration" }).waitFor();
  t.not(await ground(), dark);
  t.deepEqual(problems, []);
});

for (const [width, scheme] of [
  [390, "light"],
  [390, "dark"],
  [1280, "light"],
  [1280, "dark"],
] as const) {
  test(`at ${width} px, ${scheme}: names, contrast, width and a still layout on every page`, async (t) => {
    const { node, key, provider } = await startPool(t);
    const root = new SurfaceClient(node);
    root.token = (await root.posts("/admin/login", { username: "root", password })).body.token;
    await root.posts("/admin/api-keys", { name: "laptop", quota: 10, rpm: 5 });
    await root.posts("/admin/api-keys", {});
    await root.asks("PATCH", "/admin/api-keys/2", { is_active: false });
    const { accessToken } = provider.issue({ name: "ann", expiresInMs: -1 });
    await root.posts("/admin/tokens/import", [
      { access_token: accessToken },
      { access_token: "opaque", email: "b@c.d" },
    ]);
    await root.posts("/admin/access-codes", {});
    await fetch(`http://127.0.0.1:${node.port}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "gpt-4o-mini", messages: [{ role: "user", content: "hello" }] }),
    });
    const { page, problems } = await openPage({ viewport: { width, height: 844 }, colorScheme: scheme });
    await page.addInitScript(() => {
      // biome-ignore lint/suspicious/noExplicitAny: this side has no types of the browser
      const browser = globalThis as any;
      browser.moved = 0;
      new browser.PerformanceObserver((list: { getEntries(): { value: number; hadRecentInput: boolean }[] }) => {
        for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) browser.moved += value;
      }).observe({ type: "layout-shift", buffered: true });
    });
    await page.goto(`http://127.0.0.1:${node.port}/admin/login.html`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    t.deepEqual(await faultsOf(page), []);
    await logIn(page, node.port);
    for (const name of ["Dashboard", "API keys", "Tokens", "Logs", "Settings"]) {
      await goTo(page, name);
      await heading(page, name);
      await page.locator(".placeholder").first().waitFor({ state: "detached" });
      t.deepEqual(await faultsOf(page), [], name);
    }
    t.true(Number(await page.evaluate("moved")) < 0.1, `moved ${await page.evaluate("moved")}`);
    for (const [name, button] of [
      ["API keys", "New key"],
      ["Tokens", "Import"],
      ["Settings", "New code"],
    ] as const) {
      await goTo(page, name);
      await page.getByRole("button", { name: button }).first().click();
      await page.getByRole("dialog").waitFor();
      t.deepEqual(await faultsOf(page), [], button);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    t.deepEqual(problems, []);
  });
}

test("the checks find a text that is too light, a button without a name, and a page that is too wide", async (t) => {
  const node = await startTestNode({ env: admin });
  t.teardown(() => node.close());
  const { page, problems } = await openPage();
  await page.goto(`http://127.0.0.1:${node.port}/admin/login.html`);
  await heading(page, "Administration");
  await page.evaluate(`
    document.documentElement.style.setProperty("--quiet", "#aaaaaa");
    document.querySelector("main").append(document.createElement("button"));
    document.querySelector("main").style.width = "2000px";
    console.error("seen");
  `);
  const faults = (await faultsOf(page)).join("\n");
  t.regex(faults, /contrast 2\.\d+ of “Log in to manage/);
  t.regex(faults, /no name: <button>/);
  t.regex(faults, /the page is 2\d+ px wide/);
  t.deepEqual(problems, ["seen"]);
});
