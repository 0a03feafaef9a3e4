import type { GatewayDeps } from "../ports.ts";

/** Where the client of a request reaches this server: scheme, host and port, without a slash at its end. */
export function baseUrlOf({ publicUrl }: Pick<GatewayDeps, "publicUrl">, { origin }: { origin: string }): string {
  return publicUrl ?? origin;
}
