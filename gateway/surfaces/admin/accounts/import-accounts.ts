// Imports accounts into a pool: reads, seals, and adds them, a few at a time because of the size of a record.
import { type ImportedAccount, Pool } from "../../../../actors/pool/contract.ts";
import { DomainError } from "../../../../actors/shared/errors.ts";
import { parseJson } from "../../../input/json.ts";
import type { Edge } from "../../../rest/kit/route.ts";
import { type ReadAccount, readAccounts } from "./read-accounts.ts";

export interface ImportFile {
  /** "" for a body that is no form. */
  name: string;
  bytes: Buffer;
}
interface ImportError {
  /** Of the account, from 0, over all files. */
  index: number;
  reason: string;
  file?: string;
}
interface ImportReport {
  total: number;
  successCount: number;
  failedCount: number;
  errors: ImportError[];
}

/** Of all files of one request. */
export const maxImportBytes = 8 * 1024 * 1024;
const maxJsonDepth = 16;
/** Characters of sealed tokens in one call. */
const maxCallChars = 40_000;

/** One file that is no JSON counts as one account that failed; the others are imported. */
export async function importAccounts(edge: Edge, pool: string, files: readonly ImportFile[]): Promise<ImportReport> {
  const errors: ImportError[] = [];
  const accounts: { index: number; file: string; account: ReadAccount }[] = [];
  let total = 0;
  for (const { name, bytes } of files) {
    for (const result of readFile(bytes)) {
      if ("reason" in result) errors.push(errorAt(total, result.reason, name));
      else accounts.push({ index: total, file: name, account: result.account });
      total += 1;
    }
  }
  const added = await addAll(
    edge,
    pool,
    accounts.map(({ account }) => sealed(edge, account)),
  );
  for (const [i, { index, file }] of accounts.entries()) {
    if (added[i] === undefined) errors.push(errorAt(index, "The pool is full.", file));
  }
  errors.sort((a, b) => a.index - b.index);
  return { total, successCount: total - errors.length, failedCount: errors.length, errors };
}

/** Throws gateway.malformed when it is no JSON. */
export function parseAccounts(bytes: Buffer): unknown {
  return parseJson(textOf(bytes), { maxBytes: 2 * maxImportBytes, maxDepth: maxJsonDepth });
}

function readFile(bytes: Buffer) {
  try {
    return readAccounts(parseAccounts(bytes));
  } catch (error) {
    if (error instanceof DomainError) return [{ reason: "The file is no JSON." }];
    throw error;
  }
}

/** Editors write a byte order mark, and some shells UTF-16. */
function textOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString("utf16le", 2);
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}

function sealed({ secrets }: Edge, { accessToken, refreshToken, ...facts }: ReadAccount): ImportedAccount {
  return {
    ...facts,
    sealedAccessToken: secrets.seal(accessToken),
    ...(refreshToken !== undefined && { sealedRefreshToken: secrets.seal(refreshToken) }),
  };
}

/** The ids, in order; undefined where the pool is full. A repeat after a failure adds nothing twice. */
async function addAll(edge: Edge, pool: string, accounts: readonly ImportedAccount[]): Promise<(string | undefined)[]> {
  const ids: (string | undefined)[] = [];
  while (ids.length < accounts.length) {
    const batch = nextBatch(accounts.slice(ids.length));
    const deadlineMs = edge.clock.nowMs() + edge.limits.callDeadlineMs;
    const { credentialIds } = await edge.actors.get(Pool, pool).add({ accounts: batch }, { deadlineMs });
    edge.accounts.changed(pool);
    ids.push(...credentialIds);
  }
  return ids;
}

function nextBatch(accounts: readonly ImportedAccount[]): readonly ImportedAccount[] {
  let chars = 0;
  const end = accounts.findIndex(({ sealedAccessToken, sealedRefreshToken = "" }) => {
    chars += sealedAccessToken.length + sealedRefreshToken.length;
    return chars > maxCallChars;
  });
  return end === -1 ? accounts : accounts.slice(0, Math.max(1, end));
}

function errorAt(index: number, reason: string, file: string): ImportError {
  return file === "" ? { index, reason } : { index, reason, file };
}
