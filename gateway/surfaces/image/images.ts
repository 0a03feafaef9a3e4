// Images of the image editor: uploads, one image, and the images of a session.
import { File } from "../../../actors/file/contract.ts";
import { Gallery } from "../../../actors/gallery/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { mapBounded } from "../../../actors/shared/map-bounded.ts";
import { readableFile, requireMember } from "../../files/access.ts";
import { type FileAddresses, fileAddresses } from "../../files/addresses.ts";
import { optionalCount, optionalText, optionalTime } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { baseOf } from "../../kit/base-url.ts";
import { limits } from "../../kit/rate-limit.ts";
import type { Edge } from "../../rest/kit/route.ts";
import { count, flag, list, object } from "../../wire/shapes/fields.ts";
import { type Http, type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { image } from "../kit/surface.ts";
import { imageOnWire, imageShape } from "./image-shape.ts";
import { conversationOfSession } from "./session-id.ts";
import { maxBatchImages, takeUpload } from "./upload.ts";

const maxPageImages = 100;
/** File actors asked at once for one page. */
const filesAskedAtOnce = 16;
const uploadErrors = ["file.too_large", "file.type_refused", "session.not_found", "common.timeout"] as const;

interface PageQuery {
  type?: string;
  limit?: number;
  offset?: number;
}

export const imageRoutes: SurfaceRoute[] = [
  surfaceRoute({
    ...{ surface: image, method: "POST", path: "/api/images/upload", auth: "user", reads: "stream" },
    limit: limits.upload,
    summary: "Uploads a picture (multipart: image, sessionId, type): JPEG, PNG, WebP or GIF of at most 20 MiB",
    answers: imageShape,
    errors: uploadErrors,
    async handle(request) {
      const [file] = await takeUpload(request, ["image", "file"], 1);
      if (!file) throw new DomainError("file.not_found");
      return imageOnWire(file, addressesFor(request));
    },
  }),

  surfaceRoute({
    ...{ surface: image, method: "POST", path: "/api/images/upload/batch", auth: "user", reads: "stream" },
    limit: limits.upload,
    summary: `Uploads up to ${maxBatchImages} pictures (multipart: images, sessionId, type), all or none`,
    answers: object({ images: list(imageShape, maxBatchImages) }),
    errors: uploadErrors,
    async handle(request) {
      const files = await takeUpload(request, ["images", "images[]", "image", "files"], maxBatchImages);
      const addresses = addressesFor(request);
      return { images: files.map((file) => imageOnWire(file, addresses)) };
    },
  }),

  surfaceRoute({
    ...{ surface: image, method: "GET", path: "/api/images/:imageId", auth: "user" },
    summary: "One image",
    answers: imageShape,
    errors: ["file.not_found"],
    async handle({ edge, principal, params, call, http }) {
      const file = await readableFile(edge, params.imageId, principal, call);
      return imageOnWire(file, addressesFor({ edge, http }));
    },
  }),

  surfaceRoute({
    ...{ surface: image, method: "GET", path: "/api/images/session/:sessionId", auth: "user" },
    summary: "The images of a session, the newest first; with type those of one type",
    query: schema<PageQuery>({
      type: optionalText(32),
      limit: optionalCount(maxPageImages),
      offset: optionalTime,
    }),
    answers: object({
      images: list(imageShape, maxPageImages),
      total: count(),
      limit: count(),
      offset: count(),
      hasMore: flag,
    }),
    errors: ["session.not_found"],
    async handle({ edge, principal, params: { sessionId }, query, call, http }) {
      const conversationId = conversationOfSession(sessionId);
      await requireMember(edge, conversationId, principal.userId, call);
      const { type: purpose, limit = maxPageImages, offset = 0 } = query;
      const { fileIds, total } = await edge.actors.get(Gallery, conversationId).page({ purpose, limit, offset }, call);
      const files = await mapBounded(fileIds, filesAskedAtOnce, (fileId) =>
        edge.actors
          .get(File, fileId)
          .view({}, call)
          .catch((thrown) => {
            // It expired a moment ago, and is about to leave the list.
            if (thrown instanceof DomainError && thrown.error === "file.not_found") return undefined;
            throw thrown;
          }),
      );
      const addresses = addressesFor({ edge, http });
      const images = files.flatMap((file) => (file ? [imageOnWire(file, addresses)] : []));
      return { images, total, limit, offset, hasMore: offset + fileIds.length < total };
    },
  }),
];

function addressesFor({ edge, http }: { edge: Edge; http: Http }): FileAddresses {
  return fileAddresses(edge, baseOf(http.request, edge.trustedProxies));
}
