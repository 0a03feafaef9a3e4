// The pools of accounts on this host: the timer of their actors, and the accounts as requests use them.
import { PoolCredentials } from "../../actors/credentials/credentials.ts";
import type { Secrets } from "../../actors/llm/contract.ts";
import type { DueRefresh } from "../../actors/pool/refreshes.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { PoolConfig } from "../config/pool.ts";
import { createTokenEndpoint } from "../llm/token-endpoint.ts";
import { systemClock } from "../system/clock.ts";

export function createPools({ tokenUrl, clientId }: PoolConfig) {
  let credentials: PoolCredentials | undefined;
  return {
    /** For the actors of this host. What is asked for before `open` is asked for again. */
    ask(pool: string, due: readonly DueRefresh[]): void {
      systemClock.soon(() => void credentials?.refreshDue(pool, due));
    },

    open(parts: { actors: Actors; secrets: Secrets; reportError: (message: string, cause: unknown) => void }) {
      const endpoint = createTokenEndpoint({ url: tokenUrl, clientId });
      credentials = new PoolCredentials({ ...parts, endpoint, clock: systemClock });
      return credentials;
    },
  };
}
