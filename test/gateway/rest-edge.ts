// The REST edge on a real port, in front of actors that answer as a script says.
import { createUsage } from "../../actors/account/usage.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { CallOptions, Contract, Handle } from "../../actors/runtime/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { createApiKeys } from "../../gateway/auth/api-keys.ts";
import { createAuthenticator } from "../../gateway/auth/authenticator.ts";
import { createHttpServer, type SocketServer } from "../../gateway/http/http-server.ts";
import { createLanguages } from "../../gateway/kit/languages.ts";
import { defaultGatewayLimits } from "../../gateway/limits.ts";
import type { GatewayDeps, NotificationSource, RateLimit } from "../../gateway/ports.ts";
import { createPhoneNumbers } from "../../infra/phone/phone-numbers.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { createMemoryViews } from "../support/memory-views.ts";
import { silentLog } from "../support/silent-log.ts";

export interface Call {
  method: string;
  key: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was sent
  input: any;
  options: CallOptions;
}
/** `"session.login"` → what it answers, or throws. */
export type Script = Record<string, (call: Call) => unknown>;

/** Sent as it is. */
export type RawBody = string | Uint8Array<ArrayBuffer> | ReadableStream;

interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
  body: any;
}
export interface Ask {
  token?: string;
  headers?: Record<string, string>;
  body?: unknown;
  raw?: RawBody;
}

export const aliceId = "240000000000001";
export const bobId = "240000000000002";
export const pair = `s_${aliceId}_${bobId}`;
export const secret = Buffer.alloc(32, 7);
export const oldSecret = Buffer.alloc(32, 8);

export async function startEdge(script: Script = {}, overrides: Partial<GatewayDeps> = {}) {
  const calls: Call[] = [];
  const logged: Record<string, unknown>[] = [];
  const revoked = new Set<string>();
  const spent: { limit: RateLimit; key: string }[] = [];
  const clock = { nowMs: Date.UTC(2026, 0, 1) };
  const state = { leaseHeld: true, refused: "" };
  const scripted: Script = {
    "session.isActive": () => ({ active: true }),
    "user.qrCode": () => ({ qrCode: { code: "u1-1", expiresAtMs: clock.nowMs + 1 } }),
    ...script,
  };

  const actors: Actors = {
    get<C, Q>(contract: Contract<C, Q>, key: string): Handle<C, Q> {
      const answer =
        (name: string) =>
        async (input: unknown, options: CallOptions = {}) => {
          const call = { method: `${contract.kind}.${name}`, key, input, options };
          calls.push(call);
          const act = scripted[call.method];
          if (!act) throw new Error(`nothing is scripted for ${call.method}`);
          return act(call);
        };
      return new Proxy({}, { get: (_target, name) => answer(String(name)) }) as Handle<C, Q>;
    },
  };
  const unused = () => {
    throw new Error("not part of this test");
  };
  const noNotifications: NotificationSource = {
    onNotification: unused,
    onGap: unused,
    addUser: unused,
    removeUser: unused,
    addConversation: unused,
    removeConversation: unused,
  };
  const deps: GatewayDeps = {
    actors,
    reading: {
      history: unused,
      context: unused,
      pins: unused,
      place: unused,
      edits: unused,
      difference: unused,
      findMessage: unused,
      findMessages: unused,
      sessions: unused,
      session: unused,
      unread: unused,
      unreadTotal: unused,
      sync: unused,
      search: unused,
      present: unused,
    },
    directory: {
      findMany: async (ids) => new Map(ids.map((id) => [id, { nickname: `name of ${id}`, avatar: "" }])),
      searchMembers: unused,
    },
    notifications: noNotifications,
    viewerNotifications: noNotifications,
    presence: { online: unused, offline: unused, touch: unused, findMany: async () => new Map() },
    passwords: {
      hash: async (password) => `hash of ${password}`,
      verify: async (password, hash) => hash === `hash of ${password}`,
    },
    phones: createPhoneNumbers("CN"),
    codes: {
      send: async () => ({ expiresInMs: 300_000 }),
      async verify({ code }) {
        if (code !== "123456") throw new DomainError("auth.code_wrong");
      },
    },
    rateLimits: {
      take(limit, key) {
        spent.push({ limit, key });
        return limit.name === state.refused ? { ok: false, retryAfterMs: 2_500 } : { ok: true };
      },
      look: () => ({ ok: true }),
      async takeShared(limit, key) {
        return this.take(limit, key);
      },
      giveBack: () => {},
    },
    revocations: {
      async revoke(loginIds) {
        for (const loginId of loginIds) revoked.add(loginId);
      },
      isRevoked: (loginId) => revoked.has(loginId),
      onRevoked: () => {},
    },
    lease: { isHeld: () => state.leaseHeld, onChange: () => {}, isClosed: () => false },
    clock: {
      nowMs: () => clock.nowMs,
      monotonicMs: () => performance.now(),
      after(delayMs, callback) {
        const timer = setTimeout(callback, delayMs);
        return () => clearTimeout(timer);
      },
      soon: (callback) => setImmediate(callback),
    },
    random: systemRandom,
    log: { ...silentLog, error: (message, fields) => logged.push({ message, ...fields }) },
    metrics: {
      connections() {},
      frameIn() {},
      framesOut() {},
      closed() {},
      request() {},
      gap() {},
    },
    qrPictures: { draw: unused },
    limits: defaultGatewayLimits,
    auth: {
      secrets: [
        { kid: "new", secret },
        { kid: "old", secret: oldSecret },
      ],
      accessTokenMs: 7_200_000,
      refreshTokenMs: 604_800_000,
    },
    health: {
      ready: async () => ({
        ready: true,
        draining: false,
        parts: { journal: { ok: true, detail: "open" } },
        durability: "fsync",
      }),
      metrics: async () => ({ contentType: "text/plain", body: "parley_up 1\n" }),
    },
    usage: createUsage({ actors, reader: createMemoryViews().usage, clock: { nowMs: () => clock.nowMs } }),
    secrets: { seal: (plain) => `sealed ${plain}`, open: (sealed) => sealed.slice("sealed ".length) },
    accounts: { refreshNow: unused, changed: unused },
    identity: { host: "test", boot: "b", storeId: "store", version: "0.1.0" },
    ...overrides,
  };
  const authenticator = createAuthenticator(deps);
  const feed = { watch: unused };
  const upgrades: string[] = [];
  const sockets: SocketServer = {
    count: 3,
    serves: (url) => url.split("?", 1)[0] === "/ws",
    handleUpgrade(request, socket) {
      upgrades.push(request.url ?? "");
      socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    },
    drain: async () => {},
    close: async () => {},
  };
  const server = createHttpServer(
    { ...deps, authenticator, keys: createApiKeys(deps), feed, languages: createLanguages(deps) },
    sockets,
  );
  const { port } = await server.listen(0, "127.0.0.1");

  async function ask(method: string, path: string, { token, headers, body, raw }: Ask = {}): Promise<Answer> {
    const sent = raw ?? (body === undefined ? null : JSON.stringify(body));
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      body: sent,
      ...(sent instanceof ReadableStream && { duplex: "half" }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  return {
    port,
    server,
    upgrades,
    calls,
    logged,
    revoked,
    spent,
    clock,
    state,
    ask,
    /** An access token of this user's first login. */
    tokenOf: (userId: string, loginId = "login-1") =>
      authenticator.issue({ userId, loginId, deviceId: "d1", deviceType: "Web" }).accessToken,
    /** The calls of one method, oldest first. */
    callsOf: (method: string) => calls.filter((call) => call.method === method),
    async [Symbol.asyncDispose]() {
      await server.close();
    },
  };
}

/** Alice, as her user actor knows her. */
export const aliceProfile = {
  userId: aliceId,
  nickname: "Alice",
  avatar: "",
  signature: "",
  gender: 0,
  birthday: "",
  region: "",
  phone: "",
  email: "alice@example.org",
  account: "",
  createdAtMs: 1_700_000_000_000,
};
export const profile = { "user.profile": () => aliceProfile };
