// A node as clients of the GPT2API gateway have it: an administrator, a pool of accounts, the upstream that knows them and the
// token endpoint that renews them.
import { type IdentityProvider, type IssuedAccount, startIdentityProvider } from "../llm/identity-provider.ts";
import { completion, json, refusal, stream } from "../llm/openai-bytes.ts";
import type { Script } from "../llm/script.ts";
import { type ScriptedUpstream, startScriptedUpstream } from "../llm/scripted-upstream.ts";
import type { SurfaceClient } from "../surface-client.ts";
import { type SeedNode, startSeedNode } from "./seed-node.ts";

/** The ones of the document. */
export const adminLogin = { username: "admin", password: "admin123" };

export interface Gpt2apiNode extends AsyncDisposable {
  readonly node: SeedNode;
  readonly provider: IdentityProvider;
  /** Of the pool. */
  readonly upstream: ScriptedUpstream;
  /** Logged in, by its token. */
  readonly admin: SurfaceClient;
  client(): SurfaceClient;
  /** A new `sk-` key, in a client that uses it. */
  makesKey(body?: object): Promise<{ program: SurfaceClient; id: number; key: string }>;
}

export async function startGpt2api(env: Record<string, string> = {}): Promise<Gpt2apiNode> {
  const provider = await startIdentityProvider();
  const upstream = await startScriptedUpstream();
  upstream.always(answersAccounts(provider));
  const node = await startSeedNode("002", {
    ...{ POOL_UPSTREAM_URL: upstream.url, POOL_TOKEN_URL: provider.url },
    ...{ ADMIN_USERNAME: adminLogin.username, ADMIN_PASSWORD: adminLogin.password, ...env },
  });
  const admin = node.client();
  admin.token = (await admin.posts("/admin/login", adminLogin)).body.token;
  return {
    ...{ node, provider, upstream, admin },
    client: () => node.client(),
    async makesKey(body = { name: "program" }) {
      const { id, key } = (await admin.posts("/admin/api-keys", body)).body;
      const program = node.client();
      program.token = key;
      return { program, id, key };
    },
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]();
      await upstream.close();
      await provider[Symbol.asyncDispose]();
    },
  };
}

/** A file of one account, as CLIProxyAPI writes it. */
export function fileOf(account: IssuedAccount, more: object = {}): Record<string, unknown> {
  return {
    ...{ id_token: account.idToken, access_token: account.accessToken, refresh_token: account.refreshToken },
    ...{ account_id: account.accountId, email: account.email, type: "codex" },
    ...{ last_refresh: "2026-01-01T00:00:00Z", expired: "2099-01-01T00:00:00Z", ...more },
  };
}

/** Each account answers with its own e-mail address; a token that is not its newest is refused. */
function answersAccounts(provider: IdentityProvider): Script {
  return (call) => {
    const { key = "" } = call.request;
    if (!provider.isNewest(key)) return refusal(401)(call);
    const email = emailOf(key);
    const { stream: isStream } = call.request.json<{ stream?: boolean }>();
    return isStream ? stream(["from ", email])(call) : json(completion(`from ${email}`))(call);
  };
}

export function emailOf(accessToken: string): string {
  return JSON.parse(Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString()).email;
}

export function formOf(files: Readonly<Record<string, string>>, field = "file"): FormData {
  const form = new FormData();
  for (const [name, content] of Object.entries(files)) form.append(field, new Blob([content]), name);
  return form;
}
