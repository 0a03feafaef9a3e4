// The pools of accounts on this host: the timer of their actors, and the accounts as requests use them.
import { PoolCredentials } from "../../actors/credentials/credentials.ts";
import type { Secrets } from "../../actors/llm/contract.ts";
import type { DueRefresh } from "../../actors/pool/refreshes.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { PoolConfig } from "../config/pool.ts";
import { createTokenEndpoint } from "../llm/token-endpoint.ts";
import { systemClock } from "../system/clock.ts";
import type { Lifecycle } from "./lifecycle.ts";

export function createPools({ tokenUrl, clientId }: PoolConfig) {
  let credentials: PoolCredentials | undefined;
  return {
    /** For the actors of this host. What is asked for before `open` is asked for again. */
    ask(pool: string, due: readonly DueRefresh[]): void {
      systemClock.soon(() => void credentials?.refreshDue(pool, due));
    },

    async open({
      actors,
      secrets,
      reportError,
      lifecycle,
    }: {
      actors: Actors;
      secrets: Secrets;
      reportError(message: string, cause: unknown): void;
      lifecycle: Lifecycle;
    }) {
      const endpoint = createTokenEndpoint({ url: tokenUrl, clientId });
      const opened = new PoolCredentials({ actors, secrets, endpoint, reportError, clock: systemClock });
      // Drained before the actors: tokens that are not stored are lost with their accounts.
      await lifecycle.start({ name: "pools", drain: () => opened.drain(), stop: () => opened.close() });
      credentials = opened;
      return opened;
    },
  };
}
