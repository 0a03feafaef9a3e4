// A token endpoint (OAuth 2, refresh_token) whose refresh tokens are good for one use. Its journal is the judge of every test
// about refreshes.
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface IssuedAccount {
  accountId: string;
  email: string;
  accessToken: string;
  refreshToken: string;
  idToken: string;
}

export interface IdentityProvider extends AsyncDisposable {
  readonly url: string;
  /** Every request so far, oldest first. `outcome`: the error, or "renewed". */
  readonly journal: readonly { readonly atMs: number; readonly refreshToken: string; readonly outcome: string }[];
  /** How long it takes for an answer. The refresh token is spent at once. */
  delayMs: number;
  /** Of the access tokens that it gives. */
  lifeMs: number;
  /** The answer to everything, instead of the usual one; undefined: the usual one. */
  instead: ((response: ServerResponse) => void) | undefined;
  /** A new account. `expiresInMs`: of its access token, negative for one that has expired. */
  issue(options?: { name?: string; expiresInMs?: number }): IssuedAccount;
  /** Its refresh tokens are refused from now on: invalid_grant. */
  revoke(account: IssuedAccount): void;
  /** Whether an access token is the newest of its account, and has not expired. */
  isNewest(accessToken: string): boolean;
}

interface Account {
  accountId: string;
  email: string;
  newest: string;
  isRevoked: boolean;
}

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const journal: { atMs: number; refreshToken: string; outcome: string }[] = [];
  const accounts = new Map<string, Account>();
  const refreshTokens = new Map<string, { accountId: string; isSpent: boolean }>();

  const newRefreshToken = (accountId: string) => {
    const token = `rt_${randomBytes(24).toString("base64url")}`;
    refreshTokens.set(token, { accountId, isSpent: false });
    return token;
  };
  const newAccessToken = (account: Account, lifeMs: number) => {
    account.newest = tokenOf({ ...claimsOf(account), exp: secondsIn(lifeMs), jti: randomBytes(8).toString("hex") });
    return account.newest;
  };
  const redeem = (token: string) => {
    const known = refreshTokens.get(token);
    const account = known && accounts.get(known.accountId);
    if (!account || account.isRevoked) return "invalid_grant";
    if (known.isSpent) return "refresh_token_reused";
    known.isSpent = true;
    return account;
  };

  const server = createServer(async (request, response) => {
    const refreshToken = await readRefreshToken(request);
    const redeemed = provider.instead ? "scripted" : redeem(refreshToken);
    journal.push({ atMs: Date.now(), refreshToken, outcome: typeof redeemed === "string" ? redeemed : "renewed" });
    await sleep(provider.delayMs);
    if (provider.instead) return provider.instead(response);
    if (typeof redeemed === "string")
      return answer(response, 400, { error: redeemed, error_description: refreshToken });
    const { lifeMs } = provider;
    answer(response, 200, {
      access_token: newAccessToken(redeemed, lifeMs),
      refresh_token: newRefreshToken(redeemed.accountId),
      token_type: "Bearer",
      expires_in: Math.round(lifeMs / 1_000),
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  const provider: IdentityProvider = {
    url: `http://127.0.0.1:${port}/oauth/token`,
    journal,
    delayMs: 0,
    lifeMs: 3_600_000,
    instead: undefined,
    issue({ name = `person${accounts.size + 1}`, expiresInMs = 3_600_000 } = {}) {
      const accountId = `acct-${randomBytes(6).toString("hex")}`;
      const account = { accountId, email: `${name}@example.test`, newest: "", isRevoked: false };
      accounts.set(accountId, account);
      return {
        accountId,
        email: account.email,
        accessToken: newAccessToken(account, expiresInMs),
        refreshToken: newRefreshToken(accountId),
        idToken: tokenOf({ ...claimsOf(account), exp: secondsIn(-60_000) }),
      };
    },
    revoke({ accountId }) {
      const account = accounts.get(accountId);
      if (account) account.isRevoked = true;
    },
    isNewest(accessToken) {
      const { accountId, exp } = payloadOf(accessToken);
      return accounts.get(accountId)?.newest === accessToken && exp * 1_000 > Date.now();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return provider;
}

const claimName = "https://api.openai.com/auth";

function claimsOf({ accountId, email }: Account) {
  return { sub: email, email, [claimName]: { chatgpt_account_id: accountId } };
}

function secondsIn(ms: number): number {
  return Math.round((Date.now() + ms) / 1_000);
}

/** A token of these claims; nobody checks its signature. */
export function tokenOf(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.${randomBytes(32).toString("base64url")}`;
}

function payloadOf(token: string): { accountId: string; exp: number } {
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  return { accountId: claims[claimName].chatgpt_account_id, exp: claims.exp };
}

/** A form, or JSON. */
async function readRefreshToken(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  const isJson = request.headers["content-type"]?.startsWith("application/json");
  const fields = isJson ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
  return fields.grant_type === "refresh_token" ? fields.refresh_token : "";
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
