// The NextChat back end as its clients use it: by its addresses and field names alone.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { startModelNode } from "../support/llm/model-node.ts";
import { stream } from "../support/llm/openai-bytes.ts";
import { startTestNode } from "../support/start-node.ts";
import { SurfaceClient } from "../support/surface-client.ts";

const password = "password123";

async function registers(at: { readonly port: number }, username: string): Promise<SurfaceClient> {
  const client = new SurfaceClient(at);
  const made = await client.posts("/api/users", { username, email: `${username}@example.test`, password });
  if (made.status !== 200) throw new Error(`${username} cannot register: ${JSON.stringify(made.body)}`);
  const { body } = await client.posts("/api/auth/login", { username, password });
  client.token = body.access_token;
  client.userId = body.user.id;
  return client;
}

test("a user is made, read, changed and deleted by themselves", async (t) => {
  await using node = await startTestNode();
  const alice = await registers(node, "alice");
  const at = `/api/users/${alice.userId}`;
  t.like((await alice.gets(at)).body, { id: alice.userId, username: "alice", role: "user", access_level: 0 });
  const changed = await alice.puts(at, { username: "Alicia", email: "alicia@example.test", avatar: "/files/a.png" });
  t.is(changed.status, 200);
  t.like(changed.body, { username: "Alicia", email: "alicia@example.test", avatar: "/files/a.png" });
  const logIn = async (name: object) => (await alice.posts("/api/auth/login", { ...name, password })).status;
  t.is(await logIn({ username: "alicia" }), 200);
  t.is(await logIn({ email: "alicia@example.test" }), 200);
  t.is(await logIn({ username: "alice" }), 401, "the old name is given up");
  t.is((await alice.puts(at, { role: "admin" })).status, 403);
  await registers(node, "alice");
  t.is((await alice.puts(at, { username: "alice" })).status, 409, "it has another owner now");
  t.is((await alice.puts(at, { password: "another password" })).status, 200);
  t.is((await alice.gets(at)).status, 200, "this login stays");
  t.is(await logIn({ username: "alicia" }), 401);
  t.deepEqual((await alice.deletes(at)).body, { success: true });
  t.is((await alice.gets(at)).status, 401);
  t.is((await alice.posts("/api/auth/login", { username: "alicia", password: "another password" })).status, 401);
  await registers(node, "alicia");
});

test("an administrator changes other users' roles", async (t) => {
  const env = { ADMIN_USERNAME: "root", ADMIN_PASSWORD: "correct horse battery" };
  await using node = await startTestNode({ env });
  const bob = await registers(node, "bob");
  const root = new SurfaceClient(node);
  root.token = (await root.posts("/api/auth/login", { username: "root", password: env.ADMIN_PASSWORD })).body.token;
  const changed = await root.puts(`/api/users/${bob.userId}`, { role: "admin", access_level: 3 });
  t.like(changed.body, { id: bob.userId, role: "admin", access_level: 3 });
  t.is((await bob.gets("/admin/profile")).status, 200);
  t.is((await root.gets("/api/users/7")).status, 404);
});

test("tokens are refreshed, and a logout ends them", async (t) => {
  await using node = await startTestNode();
  const carol = await registers(node, "carol");
  const login = (await carol.posts("/api/auth/login", { username: "carol", password })).body;
  t.is(login.expires_in, 7_200);
  const fresh = await carol.posts("/api/auth/refresh", { refresh_token: login.refresh_token });
  t.is(fresh.status, 200);
  // The answer may have been lost: only a client that uses the new tokens shows that it has them.
  const next = await carol.posts("/api/auth/refresh", { refresh_token: fresh.body.refresh_token });
  t.is(next.status, 200);
  t.is((await carol.posts("/api/auth/refresh", { refresh_token: login.refresh_token })).status, 401, "used once");
  const again = (await carol.posts("/api/auth/login", { username: "carol", password })).body;
  carol.token = again.access_token;
  t.deepEqual((await carol.posts("/api/auth/logout")).body, { success: true });
  t.is((await carol.gets("/api/sessions")).status, 401);
  t.is((await carol.posts("/api/auth/refresh", { refresh_token: again.refresh_token })).status, 401);
  t.like((await carol.gets("/api/sessions")).body, { error: { code: "010104" } });
});

test("an access code lets as many guests in as it says", async (t) => {
  const env = { ADMIN_USERNAME: "root", ADMIN_PASSWORD: "correct horse battery" };
  await using node = await startTestNode({ env });
  const root = new SurfaceClient(node);
  root.token = (await root.posts("/admin/login", { username: "root", password: env.ADMIN_PASSWORD })).body.token;
  t.is((await root.posts("/admin/access-codes", { code: "welcome-2026", max_usage: 2 })).status, 200);
  const client = new SurfaceClient(node);
  const tries = await Promise.all(
    Array.from({ length: 5 }, () => client.posts("/api/auth/access-code", { code: "welcome-2026" })),
  );
  t.deepEqual(tries.map(({ status }) => status).toSorted(), [200, 200, 410, 410, 410]);
  const guest = tries.find(({ status }) => status === 200)?.body;
  t.is(guest.user.role, "guest");
  client.token = guest.access_token;
  t.is((await client.posts("/api/sessions", { title: "as a guest" })).status, 200);
  t.is((await client.posts("/api/auth/login", { access_code: "wrong-code" })).status, 401);
});

test("an sk- key logs its maker in", async (t) => {
  const env = { ADMIN_USERNAME: "root", ADMIN_PASSWORD: "correct horse battery" };
  await using node = await startTestNode({ env });
  const root = new SurfaceClient(node);
  root.token = (await root.posts("/admin/login", { username: "root", password: env.ADMIN_PASSWORD })).body.token;
  const { key } = (await root.posts("/admin/api-keys", { name: "cli" })).body;
  const login = await root.posts("/api/auth/login", { api_key: key });
  t.is(login.body.user.username, "root");
  t.is((await root.posts("/api/auth/login", { api_key: `${key.slice(0, -1)}?` })).status, 401);
});

test("sessions have a description, a model and tags, and are found by them", async (t) => {
  await using node = await startTestNode();
  const dora = await registers(node, "dora");
  const body = {
    title: "Trip",
    description: "to 杭州",
    model_config: { provider: "openai", model: "m-1" },
    tags: ["fun"],
  };
  const made = await dora.posts("/api/sessions", body);
  t.is(made.status, 200);
  t.like(made.body, { ...body, user_id: dora.userId });
  await dora.posts("/api/sessions", { title: "Work" });
  const titles = async (query: string) =>
    (await dora.gets(`/api/sessions${query}`)).body.data.map(({ title }: { title: string }) => title);
  t.deepEqual(await titles(""), ["Work", "Trip"]);
  t.deepEqual(await titles("?tag=fun"), ["Trip"]);
  t.deepEqual(await titles(`?q=${encodeURIComponent("杭州")}`), ["Trip"]);
  const changed = await dora.puts(`/api/sessions/${made.body.id}`, { title: "Trip to 杭州", tags: [] });
  t.like(changed.body, { title: "Trip to 杭州", description: "to 杭州", tags: [] });
  t.deepEqual((await dora.deletes(`/api/sessions/${made.body.id}`)).body, { success: true });
  t.is((await dora.gets(`/api/sessions/${made.body.id}`)).status, 404);
});

test("a stored message asks no model, keeps what it came with, and may be of any role", async (t) => {
  await using node = await startModelNode();
  const erin = await registers(node, "erin");
  const { id } = (await erin.posts("/api/sessions", { title: "Notes" })).body;
  const call = { id: "c1", type: "function", function: { name: "get_time", arguments: "{}" } };
  const stored = [
    { role: "system", content: "Be short." },
    { role: "user", content: "What time is it?", content_type: "text", metadata: { from: "phone" } },
    { role: "assistant", content: "", tool_call: [call] },
    { role: "tool", content: "noon", tool_response: { tool_call_id: "c1" } },
  ];
  for (const message of stored) {
    const made = await erin.posts(`/api/sessions/${id}/messages`, message);
    t.is(made.status, 200, JSON.stringify(made.body));
    t.like(made.body, { ...message, session_id: id });
    t.true(made.body.token_count >= 0);
  }
  const { data, total } = (await erin.gets(`/api/sessions/${id}/messages`)).body;
  t.is(total, 4);
  t.deepEqual(
    data.map(({ role }: { role: string }) => role),
    ["system", "user", "assistant", "tool"],
  );
  const before = (await erin.gets(`/api/sessions/${id}/messages?limit=2&before=${data[3].id}`)).body;
  t.deepEqual(
    before.data.map(({ role }: { role: string }) => role),
    ["user", "assistant"],
  );
  const changed = await erin.puts(`/api/messages/${data[1].id}`, { content: "When?", metadata: { from: "desk" } });
  t.like(changed.body, { content: "When?", metadata: { from: "desk" } });
  t.deepEqual((await erin.deletes(`/api/messages/${data[0].id}`)).body, { success: true });
  t.is(node.upstream.journal.length, 0);
});

test("a stored message is answered when its client asks, and an answer is made again", async (t) => {
  await using node = await startModelNode();
  node.upstream.always(stream(["first"]));
  const frank = await registers(node, "frank");
  await frank.setsModel(node.upstream.url);
  const { id } = (await frank.posts("/api/sessions", { title: "Twice" })).body;
  const asked = (await frank.posts(`/api/sessions/${id}/messages`, { role: "user", content: "Say something" })).body;
  const list = async () => (await frank.gets(`/api/sessions/${id}/messages`)).body.data;
  t.is((await list()).length, 1);
  t.is((await frank.posts(`/api/messages/${asked.id}/regenerate`)).status, 200);
  await eventually(async () => (await list()).length === 2);
  node.upstream.always(stream(["second"]));
  const [, answer] = await list();
  t.like(answer, { role: "assistant", content: "first" });
  t.is((await frank.posts(`/api/messages/${answer.id}/regenerate`)).status, 200);
  await eventually(async () => (await list())[1]?.content === "second");
  const [, newer] = await list();
  t.is((await list()).length, 2);
  t.is(newer.editedOf, answer.id);
});

test("keys of providers are listed without the key, switched off and removed", async (t) => {
  await using node = await startTestNode();
  const grace = await registers(node, "grace");
  const made = await grace.posts("/api/api-keys", {
    ...{ provider: "openai", api_key: "sk-canary-12345678", display_name: "mine", expires_at: "2030-01-01T00:00:00Z" },
  });
  t.is(made.status, 200);
  t.like(made.body, { provider: "openai", display_name: "mine", is_active: true, usage_count: 0 });
  t.is(made.body.expires_at, "2030-01-01T00:00:00.000Z");
  const off = await grace.puts(`/api/api-keys/${made.body.id}/active`, { is_active: false });
  t.false(off.body.is_active);
  const listed = await grace.gets("/api/api-keys");
  t.deepEqual(listed.body.data, [off.body]);
  t.notRegex(JSON.stringify([made.body, listed.body]), /canary/);
  t.deepEqual((await grace.deletes(`/api/api-keys/${made.body.id}`)).body, { success: true });
  t.is((await grace.deletes(`/api/api-keys/${made.body.id}`)).status, 404);
  t.is((await grace.posts("/api/api-keys", { provider: "openai" })).status, 400);
});

test("the system's models are listed for a login", async (t) => {
  await using node = await startModelNode();
  const henry = await registers(node, "henry");
  const { status, body } = await henry.gets("/api/models");
  t.is(status, 200);
  t.is(body.object, "list");
  t.true(Array.isArray(body.data));
});

test("settings are read by everybody and changed by administrators", async (t) => {
  const env = { ADMIN_USERNAME: "root", ADMIN_PASSWORD: "correct horse battery" };
  await using node = await startTestNode({ env });
  const client = new SurfaceClient(node);
  for (const answer of [await client.gets("/api/config"), await client.posts("/api/config")]) {
    t.is(answer.status, 200);
    t.like(answer.body, {
      needCode: false,
      hideUserApiKey: false,
      customModels: "",
      defaultModel: "",
      visionModels: "",
    });
  }
  client.token = (await client.posts("/admin/login", { username: "root", password: env.ADMIN_PASSWORD })).body.token;
  t.is((await client.puts("/api/config", { needCode: true, siteName: "Parley" })).status, 200);
  t.like((await client.gets("/api/config")).body, { needCode: true, siteName: "Parley" });
  t.is((await client.puts("/api/config", { needCode: "yes" })).status, 400);
});
