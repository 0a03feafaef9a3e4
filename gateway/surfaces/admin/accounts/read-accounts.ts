// Files of accounts, in the forms in which programs write them: one account or many, flat or with its tokens in an object.
import { hash } from "node:crypto";
import { claimsOf, expiryOf } from "../../../../actors/pool/claims.ts";
import { readDate } from "./dates.ts";

/** An account with its tokens in clear. */
export interface ReadAccount {
  identity: string;
  name: string;
  email: string;
  accountId: string;
  accessToken: string;
  refreshToken?: string;
  expiresAtMs?: number;
  lastRefreshAtMs?: number;
}
/** `reason`: without anything that stood in the file. */
type ReadResult = { account: ReadAccount } | { reason: string };

type Fields = Readonly<Record<string, unknown>>;

const maxNameChars = 200;
/** A sealed account has to fit into a record of its pool. */
const maxTokenChars = { access: 16_384, refresh: 8_192 };

const names = {
  access: ["access_token", "accessToken"],
  refresh: ["refresh_token", "refreshToken"],
  id: ["id_token", "idToken"],
  account: ["account_id", "accountId", "chatgpt_account_id"],
  expiry: ["expired", "expired_at", "expires_at", "expiresAt", "expire"],
  lastRefresh: ["last_refresh", "last_refresh_at", "lastRefresh"],
} as const;

/** The accounts of a parsed file, in its order. */
export function readAccounts(file: unknown): ReadResult[] {
  if (Array.isArray(file)) return file.map(readAccount);
  const { tokens } = isObject(file) ? file : {};
  return Array.isArray(tokens) ? tokens.map(readAccount) : [readAccount(file)];
}

function readAccount(entry: unknown): ReadResult {
  if (!isObject(entry)) return { reason: "This is no account: an object is expected." };
  const { tokens } = entry;
  const fields = isObject(tokens) ? { ...entry, ...tokens } : entry;
  const [access, refresh, id] = [first(fields, names.access), first(fields, names.refresh), first(fields, names.id)];
  const reason =
    refusalOf("access_token", access, maxTokenChars.access) ??
    refusalOf("refresh_token", refresh, maxTokenChars.refresh);
  if (reason !== undefined) return { reason };
  const accessToken = textOf(access);
  if (accessToken === "") return { reason: "access_token is missing." };
  const stated = readDate(first(fields, names.expiry));
  // The access token's own date counts: those of other tokens and of files differ from it.
  const expiresAtMs = expiryOf(accessToken) ?? stated;
  if (expiresAtMs === null) return { reason: "expired is no date." };
  const refreshToken = textOf(refresh);
  const lastRefreshAtMs = readDate(first(fields, names.lastRefresh)) ?? undefined;
  return {
    account: {
      ...describe(fields, accessToken, refreshToken, textOf(id)),
      accessToken,
      ...(refreshToken !== "" && { refreshToken }),
      ...(expiresAtMs !== undefined && { expiresAtMs }),
      ...(lastRefreshAtMs !== undefined && { lastRefreshAtMs }),
    },
  };
}

function refusalOf(name: string, value: unknown, maxChars: number): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") return `${name} is no text.`;
  return value.length > maxChars ? `${name} has more than ${maxChars} characters.` : undefined;
}

/** Whose account it is: by its fields, else by the claims of its tokens. */
function describe(fields: Fields, accessToken: string, refreshToken: string, idToken: string) {
  const claims = [claimsOf(idToken), claimsOf(accessToken)].flatMap(withNested);
  const email = textOf(fields.email) || found(claims, "email");
  const accountId =
    textOf(first(fields, names.account)) || found(claims, "chatgpt_account_id") || found(claims, "account_id");
  const person = email.toLowerCase() || found(claims, "sub");
  // Several people share the account of a team.
  const identity =
    accountId || person
      ? `${accountId}|${person}`
      : `token:${hash("sha256", refreshToken || accessToken, "base64url")}`;
  const name = textOf(fields.name) || email || accountId || "account";
  return {
    identity: identity.slice(0, 2 * maxNameChars),
    name: name.slice(0, maxNameChars),
    email: email.slice(0, maxNameChars),
    accountId: accountId.slice(0, maxNameChars),
  };
}

/** Claims of a vendor stand in objects of their own. */
function withNested(claims: Fields): Fields[] {
  return [claims, ...Object.values(claims).filter(isObject)];
}

function found(claims: readonly Fields[], name: string): string {
  return claims.map((each) => textOf(each[name])).find((text) => text !== "") ?? "";
}

function first(fields: Fields, names: readonly string[]): unknown {
  return names.map((name) => fields[name]).find((value) => value !== undefined && value !== null);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
