// A Lua script that Redis runs as one step. Scripts are called by their hash, so that a server receives each text only once.
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

export type Script = (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;

export function createScript(client: Redis, lua: string): Script {
  const hash = createHash("sha1").update(lua).digest("hex"); // the name that Redis gives a script; not used for security
  return async (keys, args) => {
    try {
      return await client.evalsha(hash, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return client.eval(lua, keys.length, ...keys, ...args);
    }
  };
}
