// A Lua script that runs as one step on the server, sent by its hash: the text travels once per run of the server.
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

export type Script = (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;

export function createScript(client: Redis, lua: string): Script {
  const hash = createHash("sha1").update(lua).digest("hex"); // Redis names scripts so; it protects nothing
  return async (keys, args) => {
    try {
      return await client.evalsha(hash, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return client.eval(lua, keys.length, ...keys, ...args);
    }
  };
}
