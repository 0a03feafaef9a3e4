// One upload in one request. The bytes go into the store while they come, and the process makes the file from them.
import { createHash } from "node:crypto";
import { File, type FileView } from "../../../actors/file/contract.ts";
import { objectNamesOf } from "../../../actors/file/names.ts";
import type { StoredObject } from "../../../actors/file/objects.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { FileType } from "../../../actors/shared/file-type.ts";
import { fileNameOf } from "../../files/file-name.ts";
import { waitUntilMade } from "../../files/made.ts";
import { checkSize, maxBytesOf, roomOf, takeRoom, within } from "../../files/room.ts";
import { invalidField } from "../../input/rules.ts";
import { type FilePart, readMultipart } from "../../kit/multipart.ts";
import { limits } from "../../kit/rate-limit.ts";
import { withStore } from "../../kit/with-store.ts";
import { fileOnWire } from "../../wire/file.ts";
import { fileShape } from "../../wire/shapes/file.ts";
import { type Edge, type Request, type Route, route } from "../kit/route.ts";
import { marginBytes, requireForm, typeOf, type UploadForm, uploadForm, wishesOf } from "./form.ts";

export const unknownMime = "application/octet-stream";

type UploadRequest = Pick<Request<string, "user", unknown, unknown>, "edge" | "caller" | "client" | "call" | "http">;

export const uploadRoutes: Route[] = [
  route({
    ...{ method: "POST", path: "/files/upload", auth: "user", reads: "stream", limit: limits.upload, form: uploadForm },
    summary: "Uploads a file: `file` and `type` in either order; pictures may be converted, made smaller and marked",
    answers: fileShape,
    errors: ["file.too_large", "file.type_refused", "file.storage_full", "file.digest_differs"],
    handle: async (request) => fileOnWire(await take(request)),
  }),
];

async function take(request: UploadRequest): Promise<FileView> {
  const { edge, caller, client, http } = request;
  requireForm(http.request, "file");
  const upload: Upload = {
    edge,
    ownerId: caller.userId,
    fileId: fileIdFor(edge, caller.userId, client.idempotencyKey),
    hasKey: client.idempotencyKey !== undefined,
    // Actors are called after the body has come, so the request's own deadline may be over.
    call: { traceId: request.call.traceId },
  };
  try {
    return await takeForm(upload, http.request);
  } catch (thrown) {
    // What is under a key stays for the retry; without a retry it expires.
    if (client.idempotencyKey === undefined) await drop(upload);
    throw thrown;
  }
}

interface Upload {
  edge: Edge;
  ownerId: string;
  fileId: string;
  /** Of the request: another one may name the same file. */
  hasKey: boolean;
  call: { traceId?: string };
}

async function takeForm(upload: Upload, request: UploadRequest["http"]["request"]): Promise<FileView> {
  const { edge, ownerId, fileId, call } = upload;
  const room = await roomOf(edge, ownerId, call);
  const maxFileBytes = maxBytesOf(edge, undefined);
  const announced = Number(request.headers["content-length"] ?? 0) - marginBytes;
  try {
    checkSize(edge, undefined, announced);
    if (announced > room) throw new DomainError("file.storage_full");
  } catch (thrown) {
    request.resume();
    throw thrown;
  }
  let stored: { digest?: StoredObject } | undefined;
  const bounds = { maxBodyBytes: maxFileBytes + 2 * marginBytes, maxFiles: 1, maxFileBytes };
  const fields = await readMultipart(
    request,
    { ...bounds, maxFields: 16, maxFieldBytes: 4_096 },
    async (part, soFar) => {
      if (part.field !== "file") throw invalidField(part.field, "the file is called file");
      stored = { digest: await store(upload, part, { given: soFar.get("type"), room }) };
    },
  );
  if (!stored) throw invalidField("file", "a file");
  const form: UploadForm = uploadForm.parse(Object.fromEntries(fields));
  const type = typeOf(form);
  const wishes = wishesOf(form, type);
  const { digest } = stored;
  if (digest) {
    if (digest.size === 0) throw invalidField("file", "a file that is not empty");
    checkSize(edge, type, digest.size);
    checkDigest(form, digest);
    await takeRoom(edge, ownerId, { fileId, type, bytes: digest.size }, call);
    const facts = { type, purpose: type, ...(wishes && { wishes }), digest };
    // A retry under the same key may bring other bytes.
    const isReplaceable = upload.hasKey && ({ isReplaceable: true } as const);
    await edge.actors.get(File, fileId).stored({ ...facts, ...isReplaceable }, call);
  }
  return waitUntilMade(edge, fileId, call);
}

/** Undefined for a retry whose bytes are there already. */
async function store(
  { edge, ownerId, fileId, call }: Upload,
  part: FilePart,
  { given, room }: { given: string | undefined; room: number },
): Promise<StoredObject | undefined> {
  // The type may come behind the bytes: until then the file is held to the largest limit.
  const type: FileType | undefined = given === undefined ? undefined : typeOf({ type: given });
  const name = fileNameOf(part.name, "file");
  const facts = { ownerId, purpose: "upload", name, type: type ?? "temp", declaredMime: part.declaredType } as const;
  const begun = await edge.actors.get(File, fileId).begin(facts, call);
  if (begun.state !== "uploading") return undefined;
  const maxBytes = maxBytesOf(edge, type);
  const bytes = within(part.bytes, { maxBytes, room });
  return withStore(edge, (objects) => objects.put(objectNamesOf(fileId).raw, bytes, { mime: unknownMime, maxBytes }));
}

/** Throws file.digest_differs for bytes that are not those that the client announced. */
function checkDigest({ md5, sha256 }: { md5?: string; sha256?: string }, digest: StoredObject): void {
  const isSame =
    (md5 === undefined || md5.toLowerCase() === digest.md5) &&
    (sha256 === undefined || sha256.toLowerCase() === digest.sha256);
  if (!isSame) throw new DomainError("file.digest_differs");
}

async function drop({ edge, ownerId, fileId, call }: Upload): Promise<void> {
  // What could not be removed expires.
  await edge.actors
    .get(File, fileId)
    .remove({ userId: ownerId }, call)
    .catch(() => undefined);
}

export function fileIdFor({ random }: Pick<Edge, "random">, ownerId: string, key: string | undefined): string {
  if (key === undefined) return random.hex(128);
  return createHash("sha256").update(`file\n${ownerId}\n${key}`).digest("hex").slice(0, 32);
}
