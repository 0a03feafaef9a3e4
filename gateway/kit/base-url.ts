import type { IncomingMessage } from "node:http";
import type { GatewayDeps } from "../ports.ts";

/** Where the client of a request reaches this server: scheme, host and port, without a slash at its end. */
export function baseUrlOf({ publicUrl }: Pick<GatewayDeps, "publicUrl">, { origin }: { origin: string }): string {
  return publicUrl ?? origin;
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
