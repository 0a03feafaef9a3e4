// The bytes of a file over HTTP (RFC 9110: ranges, entity tags). Nothing of a user ever runs as a page of this origin: types are
// never guessed, pages of any kind are only downloaded, and a sandbox holds what is shown.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ByteRange } from "../../actors/file/objects.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { RawHttp } from "../kit/raw-http.ts";
import { withStore } from "../kit/with-store.ts";
import type { GatewayDeps } from "../ports.ts";
import { pace } from "./pace.ts";

interface Download {
  /** Of the object. */
  objectName: string;
  mime: string;
  /** Its content never changes under this tag. */
  tag: string;
  fileName: string;
  /** Everybody may read it: caches that many share may keep it. */
  isPublic?: boolean;
  /** `attachment` whatever the type is. */
  isSaved: boolean;
}

/** Types that are shown; everything else is saved. */
const shown = /^(image\/(jpeg|png|webp|gif)|audio\/[a-z0-9.-]+|video\/[a-z0-9.-]+)$/;
const cacheSeconds = 86_400;

/** Throws file.not_found and common.unavailable before the answer begins; afterwards the connection is cut. */
export async function serveFile(
  edge: Pick<GatewayDeps, "objects" | "log" | "clock" | "files">,
  { request, response }: RawHttp,
  { objectName, mime, tag, fileName, isSaved, isPublic = false }: Download,
): Promise<void> {
  const etag = `"${tag}"`;
  const { headers, method } = request;
  response.setHeader("ETag", etag);
  response.setHeader("Cache-Control", `${isPublic ? "public" : "private"}, max-age=${cacheSeconds}, immutable`);
  response.setHeader("Accept-Ranges", "bytes");
  response.setHeader("Content-Security-Policy", "default-src 'none'; sandbox");
  if (matches(headers["if-none-match"], etag)) {
    response.writeHead(304).end();
    return;
  }
  const stat = await withStore(edge, (objects) => objects.stat(objectName));
  if (!stat) throw forgetting(response);
  const { size } = stat;
  const isWhole = headers["if-range"] !== undefined && headers["if-range"] !== etag;
  const range = isWhole ? undefined : rangeOf(headers.range, size);
  if (range === "outside") {
    response.writeHead(416, { "Content-Range": `bytes */${size}` }).end();
    return;
  }
  response.setHeader("Content-Type", mime);
  response.setHeader("Content-Disposition", dispositionOf(fileName, isSaved || !shown.test(mime)));
  response.setHeader("Content-Length", range ? range.last - range.first + 1 : size);
  if (range) response.setHeader("Content-Range", `bytes ${range.first}-${range.last}/${size}`);
  response.statusCode = range ? 206 : 200;
  if (method === "HEAD") {
    response.end();
    return;
  }
  const { bytes } = await withStore(edge, (objects) => objects.get(objectName, range)).catch((thrown) => {
    forgetting(response);
    throw thrown;
  });
  // A reader that leaves, or a store that fails, ends both sides.
  const rate = edge.files?.downloadBytesPerS ?? 0;
  const paced = rate > 0 ? pace(bytes, rate, edge.clock) : bytes;
  await pipeline(Readable.from(paced), response).catch(() => response.destroy());
}

/** An error's answer says nothing of the file. */
function forgetting(response: RawHttp["response"]): DomainError {
  const names = ["ETag", "Accept-Ranges", "Content-Type", "Content-Disposition", "Content-Length", "Content-Range"];
  for (const name of names) response.removeHeader(name);
  response.setHeader("Cache-Control", "no-store");
  return new DomainError("file.not_found");
}

/** One range, within the object; undefined for none, for several, and for what is no range: then the whole is sent. */
function rangeOf(header: string | undefined, size: number): Required<ByteRange> | "outside" | undefined {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  if (from === "") {
    // The last so many bytes.
    if (Number(to) === 0 || size === 0) return "outside";
    return { first: Math.max(0, size - Number(to)), last: size - 1 };
  }
  const [first, last] = [Number(from), to === "" ? size - 1 : Math.min(Number(to), size - 1)];
  if (to !== "" && Number(to) < first) return undefined;
  return first >= size ? "outside" : { first, last };
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}

/** The name in both spellings of RFC 6266: old clients read the first, which is ASCII. */
function dispositionOf(fileName: string, isSaved: boolean): string {
  const ascii = fileName.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(fileName.toWellFormed()).replace(
    /['()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${isSaved ? "attachment" : "inline"}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
