import type { IncomingHttpHeaders } from "node:http";

/** The token of the header `Authorization: Bearer …`, unchecked. */
export function bearerOf({ authorization = "" }: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1];
}
