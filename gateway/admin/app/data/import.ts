// Files of accounts, cut into parts that are sent one after the other, so that an import has a progress and every account a
// result. What a file means is decided by the server; here it is only cut.

/** Accounts in one request. */
const partSize = 50;

/** What one request sends: accounts as JSON, or a file as it is when it cannot be cut. */
export interface ImportPart {
  source: string;
  /** One for each account. */
  labels: string[];
  /** Of the first account, in its file. */
  firstNumber: number;
  accounts: unknown[];
}

/** Undefined for a text that is no JSON. */
export function cutIntoParts(source: string, text: string): ImportPart[] | undefined {
  const accounts = accountsIn(text);
  if (accounts === undefined) return undefined;
  return Array.from({ length: Math.ceil(accounts.length / partSize) }, (_, i) => {
    const part = accounts.slice(i * partSize, (i + 1) * partSize);
    return { source, accounts: part, firstNumber: i * partSize + 1, labels: part.map(labelOf) };
  });
}

/** Editors write a byte order mark, and some shells UTF-16. */
export function decodeText(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? "utf-16le" : "utf-8").decode(bytes);
}

function accountsIn(text: string): unknown[] | undefined {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (Array.isArray(file)) return file;
  const { tokens } = (typeof file === "object" && file !== null ? file : {}) as { tokens?: unknown };
  return Array.isArray(tokens) ? tokens : [file];
}

/** "" where the account says no name of its own. */
function labelOf(account: unknown): string {
  if (typeof account !== "object" || account === null) return "";
  const { email, name, account_id: id } = account as Record<string, unknown>;
  return [email, name, id].find((text): text is string => typeof text === "string" && text.trim() !== "") ?? "";
}
