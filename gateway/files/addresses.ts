// Signed addresses of files: who has one may read the file until it ends, without a login. They are given only to those who may
// read the file anyhow, so that `<img>` shows it.
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { IncomingMessage } from "node:http";
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
export function fileAddresses({ auth, clock }: Signer, base: string): FileAddresses {
  const [signing] = auth.secrets;
  if (!signing) throw new Error("there is no token secret");
  const untilMs = Math.ceil((clock.nowMs() + addressLifeMs) / addressStepMs) * addressStepMs;
  const exp = untilMs / 1_000;
  const key = keyOf(signing.secret);
  const query = (fileId: string) => `?exp=${exp}&sig=${signing.kid}.${signHs256(signedText(fileId, exp), key)}`;
  return {
    whole: (fileId) => `${base}/files/${fileId}${query(fileId)}`,
    thumb: (fileId) => `${base}/files/${fileId}/thumb${query(fileId)}`,
  };
}

/** Whether the query of an address lets its bearer read the file now. */
export function isSignedFor(
  { auth, clock }: Signer,
  fileId: string,
  { exp, sig }: { exp?: string; sig?: string },
): boolean {
  if (exp === undefined || sig === undefined || !/^\d{1,12}$/.test(exp)) return false;
  if (Number(exp) * 1_000 <= clock.nowMs()) return false;
  const dot = sig.lastIndexOf(".");
  const secret = auth.secrets.find(({ kid }) => kid === sig.slice(0, dot))?.secret;
  return secret !== undefined && isSignedHs256(signedText(fileId, Number(exp)), sig.slice(dot + 1), keyOf(secret));
}

/** As the client addressed this server. Behind proxies the first one says whether the client's connection is encrypted. */
export function baseOf({ headers, socket }: IncomingMessage, trustedProxies = 0): string {
  const forwarded =
    trustedProxies > 0
      ? String(headers["x-forwarded-proto"] ?? "")
          .split(",")[0]
          ?.trim()
      : "";
  const isEncrypted = forwarded ? forwarded === "https" : "encrypted" in socket;
  return headers.host === undefined ? "" : `${isEncrypted ? "https" : "http"}://${headers.host}`;
}

function signedText(fileId: string, exp: number): string {
  return `${fileId}\n${exp}`;
}

/** Not the secret itself: a signature of an address is never one of a token. */
function keyOf(secret: Uint8Array): KeyObject {
  return createSecretKey(createHmac("sha256", secret).update("addresses of files").digest());
}
