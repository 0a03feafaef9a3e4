// Access tokens in clear, in this host's memory only.
import type { Secrets } from "../llm/contract.ts";
import { Pool } from "../pool/contract.ts";
import type { Actors } from "../runtime/actors.ts";
import { BoundedMap } from "../shared/bounded-map.ts";

/** Tokens that a host remembers; then the oldest is asked for again. */
const maxTokens = 4_000;

interface AccessToken {
  tokenVersion: number;
  accessToken: string;
}

export class AccessTokens {
  readonly #deps: { actors: Actors; secrets: Secrets };
  readonly #tokens = new BoundedMap<string, AccessToken>(maxTokens);

  constructor(deps: { actors: Actors; secrets: Secrets }) {
    this.#deps = deps;
  }

  /** Of this version or a newer one. Throws llm.credential_not_found, and when no key opens the token. */
  async open(pool: string, credentialId: string, tokenVersion: number): Promise<AccessToken> {
    const key = `${pool}/${credentialId}`;
    const known = this.#tokens.get(key);
    if (known && known.tokenVersion >= tokenVersion) return known;
    const { actors, secrets } = this.#deps;
    const { sealedAccessToken, ...answer } = await actors.get(Pool, pool).token({ credentialId });
    const token = { tokenVersion: answer.tokenVersion, accessToken: secrets.open(sealedAccessToken) };
    this.#tokens.renew(key, token);
    return token;
  }
}
