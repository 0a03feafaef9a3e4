// Names of keys and accounts, for the ids that usage and logs hold.
import { ask } from "./api.ts";
import { useLoad } from "./load.ts";
import type { ApiKey, TokenPage } from "./shapes.ts";

/** Accounts whose names are loaded; those of others are shown by their ids. */
const maxTokens = 500;

export interface Names {
  /** Undefined for a key that is not there any more. */
  keyName(id: string | number): string | undefined;
  tokenName(id: string | number): string | undefined;
}

export function useNames(): Names {
  const { data } = useLoad(async () => {
    const [keys, tokens] = await Promise.all([
      ask<ApiKey[]>("GET", "/admin/api-keys"),
      ask<TokenPage>("GET", `/admin/tokens?limit=${maxTokens}`),
    ]);
    return {
      keys: new Map(keys.map(({ id, name, key }) => [String(id), name === "" ? key : name])),
      tokens: new Map(tokens.data.map(({ id, name }) => [String(id), name])),
    };
  }, []);
  return {
    keyName: (id) => data?.keys.get(String(id)),
    tokenName: (id) => data?.tokens.get(String(id)),
  };
}
