// Signed addresses of files: who has one may read the file until it ends, without a login. They are given only to those who may
// read the file anyhow, so that `<img>` shows it.
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { isSignedHs256, signHs256 } from "../auth/jws.ts";
import type { GatewayDeps } from "../ports.ts";

/** An address lives at least so long, and ends at a whole step: answers of the same hour have the same addresses. */
const addressLifeMs = 24 * 3_600_000;
const addressStepMs = 3_600_000;

export interface FileAddresses {
  whole(fileId: string): string;
  thumb(fileId: string): string;
}

type Signer = Pick<GatewayDeps, "auth" | "clock">;

/** `base`: scheme, host and port, without a slash at the end. */
export function fileAddresses(edge: Signer, base: string): FileAddresses {
  const untilMs = Math.ceil((edge.clock.nowMs() + addressLifeMs) / addressStepMs) * addressStepMs;
  const exp = untilMs / 1_000;
  return {
    whole: (fileId) => `${base}/files/${fileId}?${signatureOf(edge, fileId, exp)}`,
    thumb: (fileId) => `${base}/files/${fileId}/thumb?${signatureOf(edge, fileId, exp)}`,
  };
}

/** The query of an address that ends at `exp`, in seconds since 1970. `subject`: what its bearer may do. */
export function signatureOf({ auth }: Pick<Signer, "auth">, subject: string, exp: number): string {
  const [signing] = auth.secrets;
  if (!signing) throw new Error("there is no token secret");
  return `exp=${exp}&sig=${signing.kid}.${signHs256(signedText(subject, exp), keyOf(signing.secret))}`;
}

/** The subject of an address whose bearer may store the bytes of an announced upload. */
export function putSubject(fileId: string): string {
  return `put ${fileId}`;
}

/** Whether the query of an address lets its bearer do what the subject says now. */
export function isSignedFor(
  { auth, clock }: Signer,
  subject: string,
  { exp, sig }: { exp?: string; sig?: string },
): boolean {
  if (exp === undefined || sig === undefined || !/^\d{1,12}$/.test(exp)) return false;
  if (Number(exp) * 1_000 <= clock.nowMs()) return false;
  const dot = sig.lastIndexOf(".");
  const secret = auth.secrets.find(({ kid }) => kid === sig.slice(0, dot))?.secret;
  return secret !== undefined && isSignedHs256(signedText(subject, Number(exp)), sig.slice(dot + 1), keyOf(secret));
}

function signedText(subject: string, exp: number): string {
  return `${subject}\n${exp}`;
}

/** Not the secret itself: a signature of an address is never one of a token. */
function keyOf(secret: Uint8Array): KeyObject {
  return createSecretKey(createHmac("sha256", secret).update("addresses of files").digest());
}
