// Encodes commits for messages between threads: one buffer per group, which is transferred instead of being copied field by
// field. A group of appends has a head (the count as float64, then three float64 per commit) and all bodies after it.
import type { StoredCommit } from "../../actors/runtime/ports.ts";
import type { AppendRequest } from "./journal-log.ts";

export interface PendingAppend {
  readonly shard: number;
  readonly expectedSequence: number;
  readonly commit: Uint8Array;
}

export function encodeAppends(appends: readonly PendingAppend[], bodyBytes: number): ArrayBuffer {
  const headBytes = 8 + appends.length * 24;
  const buffer = new ArrayBuffer(headBytes + bodyBytes);
  const head = new Float64Array(buffer, 0, headBytes / 8);
  const bytes = new Uint8Array(buffer);
  head[0] = appends.length;
  let slot = 1;
  let offset = headBytes;
  for (const { shard, expectedSequence, commit } of appends) {
    head[slot++] = shard;
    head[slot++] = expectedSequence;
    head[slot++] = commit.length;
    bytes.set(commit, offset);
    offset += commit.length;
  }
  return buffer;
}

export function decodeAppends(buffer: ArrayBuffer): AppendRequest[] {
  const count = new Float64Array(buffer, 0, 1)[0]!;
  const head = new Float64Array(buffer, 8, count * 3);
  let offset = 8 + count * 24;
  return Array.from({ length: count }, (_, index) => {
    const length = head[index * 3 + 2]!;
    const body = new Uint8Array(buffer, offset, length);
    offset += length;
    return { shard: head[index * 3]!, expectedSequence: head[index * 3 + 1]!, body };
  });
}

/** Per commit its sequence, its length and its body, padded to whole float64 words, because the answer is a Float64Array. */
export function encodeCommits(commits: readonly { sequence: number; body: Uint8Array }[]): Float64Array {
  const words = commits.reduce((sum, { body }) => sum + 2 + Math.ceil(body.length / 8), 0);
  const out = new Float64Array(words);
  const bytes = new Uint8Array(out.buffer);
  let word = 0;
  for (const { sequence, body } of commits) {
    out[word] = sequence;
    out[word + 1] = body.length;
    bytes.set(body, (word + 2) * 8);
    word += 2 + Math.ceil(body.length / 8);
  }
  return out;
}

export function decodeCommits(words: Float64Array): StoredCommit[] {
  const commits: StoredCommit[] = [];
  for (let word = 0; word < words.length; ) {
    const length = words[word + 1]!;
    commits.push({ sequence: words[word]!, commit: new Uint8Array(words.buffer, (word + 2) * 8, length) });
    word += 2 + Math.ceil(length / 8);
  }
  return commits;
}
