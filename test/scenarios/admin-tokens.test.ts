// The accounts of the pool in the admin pages: import, list, change, refresh.
import { randomBytes } from "node:crypto";
import test from "ava";
import { startIdentityProvider, tokenOf } from "../support/llm/identity-provider.ts";
import { startTestNode } from "../support/start-node.ts";
import { SurfaceClient } from "../support/surface-client.ts";

const password = "correct horse battery";

/** What is changed in `env` holds after a restart. */
async function startAdmin(env: Record<string, string> = {}) {
  Object.assign(env, { ADMIN_USERNAME: "root", ADMIN_PASSWORD: password });
  const node = await startTestNode({ env });
  const admin = new SurfaceClient(node);
  admin.token = (await admin.posts("/admin/login", { username: "root", password })).body.token;
  return Object.assign(admin, {
    restart: () => node.restart(),
    tokens: async () => (await admin.gets("/admin/tokens")).body.data,
    imports: (body: unknown) => admin.posts("/admin/tokens/import", body),
    async [Symbol.asyncDispose]() {
      await node.close();
    },
  });
}

let made = 0;
/** A new account whose access token is good for nine days. */
function account(facts: object = {}) {
  made += 1;
  const exp = Math.floor(Date.now() / 1_000) + 9 * 86_400;
  return {
    access_token: tokenOf({ exp }),
    refresh_token: `rt_canary_${made}`,
    account_id: `acct-${made}`,
    email: `person${made}@example.test`,
    ...facts,
  };
}

function formOf(files: readonly [field: string, name: string, content: string | Buffer][]): FormData {
  const form = new FormData();
  for (const [field, name, content] of files) form.append(field, new Blob([Buffer.from(content)]), name);
  return form;
}

test("one account, an array, {tokens} and several files with byte order marks are imported, and no secret is shown", async (t) => {
  await using admin = await startAdmin();
  t.like(await admin.imports(account()), {
    status: 200,
    body: { total: 1, successCount: 1, failedCount: 0, errors: [] },
  });
  t.like(await admin.imports([account(), account()]), { body: { total: 2, successCount: 2 } });
  t.like(await admin.imports({ tokens: [account(), account()] }), { body: { total: 2, successCount: 2 } });
  const pretty = JSON.stringify([account(), account()], null, 2).replaceAll("\n", "\r\n");
  const form = formOf([
    ["files", "a.json", `\uFEFF${pretty}`],
    ["files", "b.json", Buffer.from(`\uFEFF${JSON.stringify({ tokens: account() })}`, "utf16le")],
    ["file", "c.json", "{broken"],
    ["file", "d.json", JSON.stringify([account(), { email: "nobody" }, 5])],
  ]);
  const { status, body } = await admin.imports(form);
  t.is(status, 200);
  t.like(body, { total: 7, successCount: 4, failedCount: 3 });
  t.deepEqual(body.errors, [
    { index: 3, reason: "The file is no JSON.", file: "c.json" },
    { index: 5, reason: "access_token is missing.", file: "d.json" },
    { index: 6, reason: "This is no account: an object is expected.", file: "d.json" },
  ]);
  const list = await admin.gets("/admin/tokens");
  t.is(list.body.total, 9);
  t.deepEqual(list.body.tokens, list.body.data);
  t.notRegex(JSON.stringify(list.body), /canary|eyJ/);
  t.like(list.body.data[0], { status: "active", is_active: true, weight: 1, has_refresh_token: true });
});

test("the same account again is one account, and of two in one file the newer wins", async (t) => {
  await using admin = await startAdmin();
  const first = account({ last_refresh: "2026-01-01T00:00:00Z" });
  await admin.imports(first);
  const [{ id }] = await admin.tokens();
  const later = { ...first, last_refresh: "2026-01-03T00:00:00Z" };
  t.like(await admin.imports([later, { ...first, last_refresh: "2026-01-02T00:00:00Z" }]), {
    body: { total: 2, successCount: 2, failedCount: 0 },
  });
  const tokens = await admin.tokens();
  t.is(tokens.length, 1);
  t.like(tokens[0], { id, last_refresh_at: "2026-01-03T00:00:00.000Z" });
});

test("an account whose access token has expired and which cannot be refreshed says so", async (t) => {
  await using admin = await startAdmin();
  await admin.imports(account({ access_token: "opaque", refresh_token: "", expired: "2020-01-01T08:00:00+08:00" }));
  const [token] = await admin.tokens();
  t.like(token, { status: "expired", expired_at: "2020-01-01T00:00:00.000Z", has_refresh_token: false });
});

test("a file of 5 MB is imported, by form and as a body, and a larger one is refused", async (t) => {
  await using admin = await startAdmin();
  const many = Array.from({ length: 400 }, () => account({ note: "x".repeat(12_500) }));
  const text = JSON.stringify(many);
  t.true(text.length > 5_000_000 && text.length < 5_400_000);
  t.like(await admin.imports(formOf([["file", "many.json", text]])), { status: 200, body: { successCount: 400 } });
  t.like(await admin.imports(text), { status: 200, body: { successCount: 400 } });
  t.is((await admin.gets("/admin/tokens?limit=1")).body.total, 400);
  t.is((await admin.imports(`[${"0,".repeat(4_500_000)}0]`)).status, 413);
  t.is((await admin.imports(formOf([["file", "big.json", "x".repeat(9_000_000)]]))).status, 413);
});

test("what is no import is refused as a whole", async (t) => {
  await using admin = await startAdmin();
  for (const body of ["", "{broken", "\u0000", new FormData()]) {
    const { status, body: answer } = await admin.imports(body);
    t.is(status, 400);
    t.is(typeof answer.error, "string");
  }
  t.like(await admin.imports([]), { status: 200, body: { total: 0, successCount: 0 } });
  t.deepEqual(await admin.tokens(), []);
});

test("pages of the list follow each other", async (t) => {
  await using admin = await startAdmin();
  await admin.imports(Array.from({ length: 5 }, () => account()));
  const pages = await Promise.all([1, 2, 3, 4].map((page) => admin.gets(`/admin/tokens?page=${page}&limit=2`)));
  t.deepEqual(
    pages.map(({ body }) => body.data.length),
    [2, 2, 1, 0],
  );
  t.is(new Set(pages.flatMap(({ body }) => body.data.map(({ id }: { id: number }) => id))).size, 5);
  for (const query of ["page=0", "limit=0", "limit=501", "page=x"]) {
    t.is((await admin.gets(`/admin/tokens?${query}`)).status, 400, query);
  }
});

test("an account is disabled, enabled, renamed, weighted and removed", async (t) => {
  await using admin = await startAdmin();
  await admin.imports(account());
  const [{ id }] = await admin.tokens();
  const path = `/admin/tokens/${id}`;
  t.like(await admin.asks("PATCH", path, { is_active: false }), {
    status: 200,
    body: { id, is_active: false, status: "disabled" },
  });
  t.like(await admin.puts(path, { is_active: true, name: "first", weight: 3 }), {
    body: { is_active: true, status: "active", name: "first", weight: 3 },
  });
  for (const body of [{}, { is_active: "no" }, { weight: 0 }, { weight: 101 }, { colour: "red" }]) {
    t.is((await admin.asks("PATCH", path, body)).status, 400, JSON.stringify(body));
  }
  t.deepEqual((await admin.deletes(path)).body, { success: true });
  for (const [method, at] of [
    ["DELETE", path],
    ["PATCH", path],
    ["POST", `${path}/refresh`],
    ["DELETE", "/admin/tokens/nobody"],
  ] as const) {
    t.is((await admin.asks(method, at, { is_active: true })).status, 404, `${method} ${at}`);
  }
});

test("an account is refreshed now; a second refresh at the same time is a conflict", async (t) => {
  await using provider = await startIdentityProvider();
  await using admin = await startAdmin({ POOL_TOKEN_URL: provider.url });
  const issued = provider.issue({ expiresInMs: 60_000_000 });
  await admin.imports({
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    id_token: issued.idToken,
  });
  t.is(provider.journal.length, 0, "an import refreshes nothing");
  const [before] = await admin.tokens();
  t.like(before, { email: issued.email, account_id: issued.accountId, last_refresh_at: null });
  provider.delayMs = 300;
  provider.lifeMs = 90_000_000;
  const answers = await Promise.all([1, 2, 3].map(() => admin.posts(`/admin/tokens/${before.id}/refresh`)));
  t.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409, 409]);
  t.is(provider.journal.length, 1);
  const row = answers.find(({ status }) => status === 200)?.body;
  t.true(row.expired_at > before.expired_at);
  t.is(row.status, "active");
  t.truthy(row.last_refresh_at);
});

test("a refresh that the token endpoint refuses is 502, and the account says why, without secrets", async (t) => {
  await using provider = await startIdentityProvider();
  await using admin = await startAdmin({ POOL_TOKEN_URL: provider.url });
  await admin.imports(account());
  const [{ id }] = await admin.tokens();
  const { status, body } = await admin.posts(`/admin/tokens/${id}/refresh`);
  t.is(status, 502);
  t.regex(body.error, /invalid_grant/);
  t.notRegex(JSON.stringify(body), /canary/);
  t.like((await admin.tokens())[0], { status: "refresh_failed", reason: "invalid_grant" });
  await admin.asks("PATCH", `/admin/tokens/${id}`, { is_active: true });
  t.like((await admin.tokens())[0], { status: "active", reason: null });
});

test("after a change of the encryption key accounts still work, and once they were refreshed the old key may go", async (t) => {
  await using provider = await startIdentityProvider();
  const [old, fresh] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];
  const env = { POOL_TOKEN_URL: provider.url, ENCRYPTION_KEY: old };
  await using admin = await startAdmin(env);
  const issued = provider.issue();
  await admin.imports({ access_token: issued.accessToken, refresh_token: issued.refreshToken });
  const [{ id }] = await admin.tokens();
  const restartsWith = async (keys: string) => {
    env.ENCRYPTION_KEY = keys;
    await admin.restart();
    return (await admin.posts(`/admin/tokens/${id}/refresh`)).status;
  };
  t.is(await restartsWith(fresh), 502, "without the old key the account cannot be read");
  t.is(provider.journal.length, 0);
  t.is(await restartsWith(`${fresh},${old}`), 200);
  t.is(await restartsWith(fresh), 200);
  t.is(provider.journal.length, 2);
});
