// Where an actor lives. Pure: (kind, key) → shard; (shard, open hosts) → hosts in order, by rendezvous hashing: when a host
// goes, only its own shards move. The hashes and `shardCount` are constants of the log's format.
import type { Kind } from "./kinds.ts";

export const shardCount = 256;

export function shardOf(kind: Kind, key: string): number {
  return mix(fnv1a(key, fnv1a(kind, 0x811c9dc5))) % shardCount;
}

/** Open hosts for this shard, first-ranked first. */
export function rankHosts(shard: number, hosts: readonly string[]): string[] {
  return hosts
    .map((host) => ({ host, weight: mix(fnv1a(`${host}#${shard}`, 0x811c9dc5)) }))
    .sort((a, b) => b.weight - a.weight || (a.host < b.host ? -1 : 1))
    .map(({ host }) => host);
}

/** FNV-1a over UTF-16 code units: ids and handles are short. */
function fnv1a(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i += 1) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash;
}

/** The final mixing of MurmurHash3: FNV's low bits alone place consecutive ids unevenly. */
function mix(input: number): number {
  let hash = input;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0;
}
