// Secrets are planted wherever clients, administrators and the configuration give some, and each is made to fail: refused, echoed
// by an upstream, not connected, malformed, killed. At debug level no part of them stands in what the server prints, keeps or
// answers.
import test, { type ExecutionContext } from "ava";
import { eventually } from "../suites/eventually.ts";
import { Canaries } from "../support/canaries.ts";
import { startIdentityProvider } from "../support/llm/identity-provider.ts";
import { event, refusal, role, text, writes } from "../support/llm/openai-bytes.ts";
import type { Script } from "../support/llm/script.ts";
import { startScriptedUpstream } from "../support/llm/scripted-upstream.ts";
import { freePort, startServer } from "../support/server-process.ts";
import { registersAtChat, SurfaceClient } from "../support/surface-client.ts";
import { createTestFolder } from "../support/temp-folder.ts";

/** Of keys: a program may name one by itself instead of by its id. */
const keyPaths = ["/admin/api-keys", "/api/api-keys", "/api/users"];
/** What a careless upstream says of the key that it got. */
const echoes: Script[] = [401, 403, 400, 500, 429].map(
  (status) => (call) =>
    refusal(
      status,
      {},
      {
        message: `Incorrect API key provided: ${call.request.key} at ${call.request.path}`,
        headers: call.request.headers,
      },
    )(call),
);
const echoInStream: Script = (call) =>
  writes(
    role,
    text("half"),
    event({ error: { message: `Key ${call.request.key} is over its quota`, code: "x" } }),
  )(call);
const echoAsText: Script = (call) => {
  call.head(502, { "content-type": "text/html", "x-key": call.request.key ?? "" });
  return writes(`<html>${call.request.headers.authorization}</html>`)(call);
};
const echoOfParts: Script = (call) => {
  const key = call.request.key ?? "";
  const error = { message: `Key ${key.slice(0, 18)}… of ${key.slice(-16)} is unknown`, param: key, code: key };
  return refusal(400, {}, error)(call);
};
const allEchoes = [...echoes, echoInStream, echoAsText, echoOfParts];

async function openWorld(t: ExecutionContext) {
  const canaries = new Canaries();
  const printed: string[] = [];
  const answers: string[] = [];
  const upstream = await startScriptedUpstream();
  const provider = await startIdentityProvider();
  const adminPassword = canaries.plant("the administrator's password");
  const place = { dataDir: createTestFolder(t, "secrets"), port: await freePort() };
  const withoutScheme = upstream.url.slice("http://".length);
  const options = {
    ...place,
    printed: (text: string) => void printed.push(text),
    env: {
      ...{ LOG_LEVEL: "debug", OUTBOUND_ALLOW: "127.0.0.0/8", LLM_COOLDOWN_MS: "1" },
      ...{ ADMIN_USERNAME: "root", ADMIN_PASSWORD: adminPassword },
      OPENAI_BASE_URL: upstream.url,
      OPENAI_API_KEY: canaries.plant("the system's key", "sk-"),
      ANTHROPIC_BASE_URL: "http://127.0.0.1:9/v1",
      ANTHROPIC_API_KEY: canaries.plant("the key of another provider"),
      HTTPS_PROXY: `http://user:${canaries.plant("the password of a proxy")}@127.0.0.1:9`,
      ...{ POOL_UPSTREAM_URL: upstream.url, POOL_TOKEN_URL: provider.url },
    },
  };
  t.teardown(async () => {
    await upstream.close();
    await provider[Symbol.asyncDispose]();
  });
  let server = await startServer(options);
  t.teardown(() => server.kill9());
  const admin = new SurfaceClient(place);
  admin.token = (await admin.posts("/admin/login", { username: "root", password: adminPassword })).body.token;
  const alice = await registersAtChat(place, "alice");
  const marks = new Canaries();
  await alice.posts("/conversations", { title: marks.plant("a title") });
  return {
    ...{ canaries, upstream, provider, place, admin, alice, withoutScheme },
    /** Keeps what was answered. */
    async hears(client: SurfaceClient, method: string, path: string, body?: unknown, headers = {}) {
      const answer = await client.asks(method, path, body, headers);
      answers.push(`${method} ${path.split("?")[0]}`.slice(0, 9), JSON.stringify([...answer.headers, answer.body]));
      return answer;
    },
    kept: (frames: unknown) => void answers.push(JSON.stringify(frames)),
    async restarts() {
      await server.kill9();
      server = await startServer(options);
    },
    async isClean(...readers: SurfaceClient[]) {
      for (const path of ["/admin/logs?limit=200", "/admin/stats/overview", "/admin/tokens", "/admin/api-keys"]) {
        answers.push(JSON.stringify((await admin.gets(path)).body));
      }
      for (const client of readers) {
        for (const path of ["/conversations", "/api/api-keys", "/api/usage", "/auth/me"])
          answers.push(JSON.stringify((await client.gets(path)).body));
      }
      answers.push((await admin.gets("/metrics")).body, JSON.stringify((await admin.gets("/health")).body));
      t.deepEqual(canaries.foundIn(printed.join("")), [], "printed");
      t.deepEqual(canaries.foundIn(answers.join("\n")), [], "answered");
      await server.stop();
      t.true(marks.foundBelow(place.dataDir).length > 0, "the search finds what is no secret");
      t.true(printed.length > 0);
      t.deepEqual(canaries.foundIn(printed.join("")), [], "printed at the end");
      t.deepEqual(canaries.foundBelow(place.dataDir), [], "kept");
    },
  };
}

test.serial("logins, keys and codes that are refused, malformed, or stand in addresses", async (t) => {
  const { canaries, place, alice, hears, kept, isClean, admin } = await openWorld(t);
  const anyone = new SurfaceClient(place);
  const key = canaries.plant("a refused API key", "sk-");
  const password = canaries.plant("a password");
  const code = canaries.plant("an access code");
  const chat = { model: "m", messages: [{ role: "user", content: "hi" }] };
  for (const given of [`Bearer ${key}`, key, key.slice(3), `Bearer ${key.slice(3)}`, `Basic ${btoa(key)}`]) {
    for (const path of ["/v1/chat/completions", "/api/chat/completions", "/admin/tokens/import", "/conversations"])
      await hears(anyone, "POST", path, chat, { authorization: given });
    await hears(anyone, "GET", "/v1/models", undefined, { authorization: given, "x-api-key": key });
  }
  for (const login of [
    { username: password, password },
    { username_or_email: password, password },
    { email: password, password },
    { username: "alice", password: [password] },
    { api_key: key },
    { access_code: code },
    { access_code: `nk-${code}` },
    { code, refresh_token: password },
  ]) {
    for (const path of [
      "/auth/login",
      "/api/auth/login",
      "/admin/login",
      "/api/auth/refresh",
      "/api/auth/access-code",
    ]) {
      await hears(anyone, "POST", path, login);
      await hears(anyone, "POST", path, JSON.stringify(login).slice(0, -2), { "content-type": "application/json" });
    }
    await hears(anyone, "POST", "/api/v1/auth/login", login);
  }
  await hears(anyone, "POST", "/v1/chat/completions", chat, { authorization: `Bearer nk-${code}` });
  for (const path of [
    "/v1/models",
    "/nothing",
    "/api/sessions",
    "/files/1",
    "/api/images",
    "/admin/tokens",
    ...keyPaths,
  ]) {
    await hears(anyone, "GET", `${path}/${key}`);
    for (const client of [alice, admin]) await hears(client, "DELETE", `${path}/${key}`);
    await hears(anyone, "GET", `${path}?token=${password}&key=${key}&api_key=${key}&access_code=${code}`);
  }
  const good = canaries.plant("a good access code");
  t.true((await admin.posts("/admin/access-codes", { code: good, max_usage: 1 })).status < 300);
  t.is((await anyone.posts("/api/auth/access-code", { code: good })).status, 200);
  t.is((await hears(anyone, "POST", "/api/auth/access-code", { code: good })).status, 410);
  await hears(admin, "GET", "/admin/access-codes");

  const { id } = (await alice.posts("/conversations", {})).body;
  const token = alice.token ?? "";
  for (const part of token.split(".").slice(1)) canaries.watch("a token", part);
  const forged = `${token.slice(0, -60)}${canaries.plant("a forged token")}`;
  for (const given of [token, forged, key, password]) {
    for (const path of [`/ws/conversations/${id}`, `/ws/${id}`, "/ws", "/ws/conversations/7", "/nothing"]) {
      const socket = await anyone.opens(`${path}?token=${given}`);
      if (!socket.closed) socket.sends(`{"type":"AUTH","data":{"token":"${given}"`);
      if (!socket.closed) socket.sends({ type: "AUTH", data: { token: forged } });
      socket.close();
      await socket.closes();
      kept([socket.frames, socket.closed]);
    }
  }
  await isClean(alice);
});

test.serial("keys of upstreams that are echoed, and addresses with keys where nothing answers", async (t) => {
  const { canaries, upstream, place, alice, hears, kept, isClean, admin, withoutScheme, restarts } = await openWorld(t);
  const made = (await admin.posts("/admin/api-keys", { name: "program" })).body;
  canaries.watch("an API key", made.key.slice(3));
  const program = new SurfaceClient(place);
  program.token = made.key;
  const chat = { model: "m", messages: [{ role: "user", content: "hi" }] };
  for (const stream of [false, true]) {
    for (const script of allEchoes) {
      upstream.always(script);
      for (const path of ["/v1/chat/completions", "/v1/responses"])
        await hears(program, "POST", path, { ...chat, input: "hi", stream });
      await hears(alice, "POST", stream ? "/api/chat/stream" : "/api/chat/completions", chat);
    }
  }
  for (const path of ["/v1/embeddings", "/v1/images/generations"])
    await hears(program, "POST", path, { model: "m", input: "hi", prompt: "hi" });
  await hears(program, "POST", "/v1/chat/completions", { ...chat, model: "claude-3-5-haiku-latest" });

  const key = () => canaries.plant("the key of a user's model", "sk-");
  const inAddress = canaries.plant("a key in an address");
  await hears(alice, "POST", "/api/api-keys", { provider: "openai", api_key: key(), display_name: "mine" });
  await hears(alice, "POST", "/api/chat/completions", chat);
  const { id } = (await alice.posts("/conversations", {})).body;
  const socket = await alice.opens(`/ws/conversations/${id}?token=${alice.token}`);
  let ended = 0;
  for (const [model_url, script] of [
    ...allEchoes.map((each) => [upstream.url, each] as const),
    [`${upstream.url}?key=${inAddress}`, echoes[0]],
    [`http://user:${inAddress}@${withoutScheme}`, echoes[0]],
    [`http://127.0.0.1:9/v1?key=${inAddress}`, echoes[0]],
    [`https://${withoutScheme}?key=${inAddress}`, echoes[0]],
    [`http://nowhere.invalid/v1?key=${inAddress}`, echoes[0]],
    [`not an address ${inAddress}`, echoes[0]],
  ] as const) {
    upstream.always(script!);
    await hears(alice, "PUT", "/auth/config", { model_url, model_name: "m", api_key: key() });
    const sent = await hears(alice, "POST", `/conversations/${id}/messages`, { content: "hello" });
    if (sent.status !== 200) continue;
    ended += 1;
    await eventually(
      () => socket.frames.filter(({ type }) => type === "error" || type === "done").length >= ended,
      20_000,
    );
    kept((await alice.gets(`/conversations/${id}/messages`)).body);
  }
  upstream.always(({ left }) => left);
  await hears(alice, "PUT", "/auth/config", { model_url: upstream.url, model_name: "m", api_key: key() });
  const before = upstream.journal.length;
  await hears(alice, "POST", `/conversations/${id}/messages`, { content: "hello" });
  await eventually(() => upstream.journal.length > before);
  upstream.always(echoes[0]!);
  await restarts();
  kept(socket.frames);
  await eventually(async () => {
    const { messages } = (await alice.gets(`/conversations/${id}/messages`)).body;
    kept(messages);
    return messages?.at(-1)?.sender === "ai" || messages?.at(-1)?.content === "hello";
  });
  await isClean(alice);
});

test.serial("accounts of the pool whose tokens are refused, echoed and not refreshed", async (t) => {
  const { canaries, upstream, provider, place, hears, isClean, admin } = await openWorld(t);
  const made = (await admin.posts("/admin/api-keys", { name: "program" })).body;
  const program = new SurfaceClient(place);
  program.token = made.key;
  const ids: string[] = [];
  for (const expiresInMs of [3_600_000, -1_000]) {
    const account = provider.issue({ expiresInMs });
    for (const [name, token] of Object.entries(account)) {
      if (/Token$/.test(name)) canaries.watch(`the ${name} of an account`, token.split(".").at(-1)!);
    }
    const { accessToken: access_token, refreshToken: refresh_token, idToken: id_token, email } = account;
    const body = { access_token, refresh_token, id_token, email };
    await hears(admin, "POST", "/admin/tokens/import", JSON.stringify(body).slice(0, -3), {
      "content-type": "application/json",
    });
    await hears(admin, "POST", "/admin/tokens/import", [
      { ...body, access_token: 5 },
      { refresh_token },
      [refresh_token],
    ]);
    await hears(admin, "POST", "/admin/tokens/import", body);
  }
  for (const { id } of (await admin.gets("/admin/tokens")).body.data) ids.push(id);
  t.is(ids.length > 1, true);
  const chat = { model: "m", messages: [{ role: "user", content: "hi" }] };
  for (const [status, answer] of [
    [400, (token: string) => JSON.stringify({ error: "invalid_grant", error_description: `${token} is spent` })],
    [500, (token: string) => `<html>${token}</html>`],
    [200, (token: string) => JSON.stringify({ access_token: 7, note: token })],
  ] as const) {
    provider.instead = (response) => {
      response.writeHead(status).end(answer(provider.journal.at(-1)?.refreshToken ?? ""));
    };
    for (const script of allEchoes) {
      upstream.always(script);
      await hears(program, "POST", "/v1/chat/completions", chat);
    }
    for (const id of ids) await hears(admin, "POST", `/admin/tokens/${id}/refresh`);
  }
  await isClean();
});
