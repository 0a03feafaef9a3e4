// Signed addresses of the bytes of files.
import { contentPath } from "../../../actors/file/paths.ts";
import { signatureOf } from "../../files/addresses.ts";
import { baseUrlOf } from "../../kit/base-url.ts";
import type { Client, Edge } from "../kit/route.ts";

/** `expiresIn`: seconds. `subject`: what the bearer of the address may do; default: read the file. */
export function linkTo(
  { edge, client }: { edge: Edge; client: Client },
  fileId: string,
  expiresIn: number,
  subject = fileId,
) {
  const exp = Math.floor(edge.clock.nowMs() / 1_000) + expiresIn;
  const url = `${baseUrlOf(edge, client)}${contentPath(fileId)}?${signatureOf(edge, subject, exp)}`;
  return { url, expiresIn, expiresAt: exp * 1_000 };
}
