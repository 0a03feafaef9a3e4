// QR codes of users and groups. The owner's actor makes a code and keeps it with its end; the code names its owner, so that a
// scan needs no index.
import { DomainError, type ErrorName } from "./errors.ts";
import { isStampId } from "./ids.ts";

export interface QrCode {
  code: string;
  expiresAtMs: number;
  /** The code that this one followed because its time was over: a scan of that one says so. */
  lapsed?: string;
}
/** What a code belongs to. */
export type QrOwner = "user" | "group";

/** Of a new code, where the configuration says nothing else: 24 hours. */
export const defaultQrCodeMs = 86_400_000;

/** Nobody guesses a code, although it names its owner. */
const secretBits = 128;
const letters = { user: "u", group: "g" } as const satisfies Record<QrOwner, string>;

/** A new code in place of `previous`. */
export function createQrCode(
  owner: QrOwner,
  ownerId: string,
  previous: QrCode | undefined,
  { random, nowMs, lifeMs }: { random: { hex(bits: number): string }; nowMs: number; lifeMs: number },
): QrCode {
  const next: QrCode = { code: `${letters[owner]}${ownerId}-${random.hex(secretBits)}`, expiresAtMs: nowMs + lifeMs };
  return previous && hasExpired(previous, nowMs) ? { ...next, lapsed: previous.code } : next;
}

/** The user or group id that a code names; undefined for a text that is no code of this kind. */
export function ownerOfQrCode(owner: QrOwner, code: string): string | undefined {
  const [, letter, id = ""] = /^([a-z])(\d{1,16})-[0-9a-f]{32}$/.exec(code) ?? [];
  return letter === letters[owner] && isStampId(id) ? id : undefined;
}

/** The code when it is still good. */
export function liveQrCode(current: QrCode | undefined, nowMs: number): QrCode | undefined {
  return current && !hasExpired(current, nowMs) ? current : undefined;
}

/** Throws `expired` for a code whose time is over, and user.qrcode_unknown for one that was replaced or never was. */
export function checkQrCode(current: QrCode | undefined, code: string, nowMs: number, expired: ErrorName): void {
  if (current !== undefined && code === current.lapsed) throw new DomainError(expired);
  if (current?.code !== code) throw new DomainError("user.qrcode_unknown");
  if (hasExpired(current, nowMs)) throw new DomainError(expired);
}

function hasExpired({ expiresAtMs }: QrCode, nowMs: number): boolean {
  return nowMs >= expiresAtMs;
}
