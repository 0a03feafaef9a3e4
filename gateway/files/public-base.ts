import type { RawHttp } from "../kit/raw-http.ts";
import type { GatewayDeps } from "../ports.ts";
import { baseOf } from "./addresses.ts";

/** Scheme, host and port of links that leave the server, without a slash at the end. */
export function publicBase(
  { files, trustedProxies }: Pick<GatewayDeps, "files" | "trustedProxies">,
  { request }: RawHttp,
): string {
  return files?.publicUrl ?? baseOf(request, trustedProxies);
}
