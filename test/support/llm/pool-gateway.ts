// What tests of pools share: accounts of the mock identity provider as imports, and gateways that use them.
import { PoolCredentials } from "../../../actors/credentials/credentials.ts";
import type { Grant, Secrets } from "../../../actors/llm/contract.ts";
import { expiryOf } from "../../../actors/pool/claims.ts";
import { type Credential, type ImportedAccount, Pool } from "../../../actors/pool/contract.ts";
import type { Actors } from "../../../actors/runtime/actors.ts";
import { createTokenEndpoint } from "../../../infra/llm/token-endpoint.ts";
import { systemClock } from "../../../infra/system/clock.ts";
import type { IdentityProvider, IssuedAccount } from "./identity-provider.ts";

export const capability = "/v1/chat/completions";
export const sixty = Array.from({ length: 60 }, (_, i) => i);

export function poolGateway(actors: Actors, secrets: Secrets, { url }: IdentityProvider): PoolCredentials {
  const endpoint = createTokenEndpoint({ url });
  return new PoolCredentials({ actors, secrets, endpoint, clock: systemClock, reportError: () => {} });
}

export function importedOf(
  { accountId, email, accessToken, refreshToken }: IssuedAccount,
  { seal }: Secrets,
): ImportedAccount {
  const expiresAtMs = expiryOf(accessToken);
  return {
    ...{ identity: accountId, name: email, email, accountId, expiresAtMs },
    ...{ sealedAccessToken: seal(accessToken), sealedRefreshToken: seal(refreshToken) },
  };
}

export async function addAccount(actors: Actors, pool: string, account: ImportedAccount): Promise<string> {
  const { credentialIds } = await actors.get(Pool, pool).add({ accounts: [account] });
  return credentialIds[0] ?? "";
}

export async function factsOf(actors: Actors, pool: string, credentialId: string): Promise<Credential> {
  const { credentials = [] } = await actors.get(Pool, pool).list({});
  const found = credentials.find((each) => each.credentialId === credentialId);
  if (!found) throw new Error("the account is gone");
  return found;
}

export async function grantFrom(gateway: PoolCredentials, pool: string, tried?: string[]): Promise<Grant> {
  const acquired = await gateway.acquire({ pool, capability, tried });
  if (acquired.kind !== "granted") throw new Error(`no account: ${JSON.stringify(acquired)}`);
  return acquired.grant;
}

export function renewedTimes({ journal }: IdentityProvider): number {
  return journal.filter(({ outcome }) => outcome === "renewed").length;
}
