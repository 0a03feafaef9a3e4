// The caller's own files, one file, and links to its bytes.
import { File } from "../../../actors/file/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { mapBounded } from "../../../actors/shared/map-bounded.ts";
import { Storage } from "../../../actors/storage/contract.ts";
import { readableFile, refuseGone, seenFile } from "../../files/access.ts";
import { settingsOf } from "../../files/room.ts";
import { optionalCount, optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { fileOnWire, typesByKind } from "../../wire/file.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { downloadShape, fileShape, filesShape, linkShape, usageShape } from "../../wire/shapes/file.ts";
import { maxActorsAsked } from "../kit/max-actors-asked.ts";
import { type Route, route } from "../kit/route.ts";
import { sendFile } from "./bytes.ts";
import { secondFileType, typeOf } from "./form.ts";
import { linkTo } from "./link.ts";

const maxPageFiles = 100;
const defaultPageFiles = 20;
const maxLinkSeconds = 604_800;
const defaultLinkSeconds = 3_600;
const secondsPerMinute = 60;

interface PageQuery {
  fileType?: keyof typeof typesByKind;
  type?: string;
  page?: number;
  pageSize?: number;
}

export const fileRoutes: Route[] = [
  route({
    ...{ method: "GET", path: "/files", auth: "user" },
    summary: "The caller's own files, the newest first",
    query: schema<PageQuery>({
      fileType: secondFileType,
      type: secondFileType,
      page: optionalCount(1_000_000),
      pageSize: optionalCount(maxPageFiles),
    }),
    answers: filesShape,
    async handle({ caller: { userId }, query, edge, call }) {
      const { page = 1, pageSize = defaultPageFiles } = query;
      const wanted = query.fileType ?? query.type;
      const types = wanted === undefined ? undefined : (typesByKind[wanted as "file"] ?? [typeOf({ type: wanted })]);
      const asked = { ...(types && { types }), offset: (page - 1) * pageSize, limit: pageSize };
      const { fileIds, total } = await edge.actors.get(Storage, userId).page(asked, call);
      const views = await mapBounded(fileIds, maxActorsAsked, (fileId) => edge.actors.get(File, fileId).find({}, call));
      return { files: views.map(fileOnWire), total };
    },
  }),

  route({
    ...{ method: "GET", path: "/files/usage", auth: "user" },
    summary: "What the caller's files take, by bucket",
    answers: usageShape,
    async handle({ caller: { userId }, edge, call }) {
      const usage = await edge.actors.get(Storage, userId).usage({}, call);
      return { ...usage, quotaBytes: settingsOf(edge).maxUserBytes };
    },
  }),

  route({
    ...{ method: "GET", path: "/files/:id", auth: "user", limit: limits.download },
    summary: "A file: the caller's own, or one in a message that the caller sees. With download=1 its bytes",
    query: schema<{ download?: string }>({ download: optionalText(8) }),
    answers: fileShape,
    errors: ["file.not_found", "file.gone"],
    async handle({ caller, params, query, edge, call, http }) {
      if (query.download) {
        return sendFile({ edge, http }, await readableFile(edge, params.id, caller, call), { isSaved: true });
      }
      const view = await seenFile(edge, params.id, caller, call);
      refuseGone(view);
      if (view.refusal) throw new DomainError(view.refusal.error, { message: view.refusal.message });
      return fileOnWire(view);
    },
  }),

  route({
    ...{ method: "DELETE", path: "/files/:id", auth: "user" },
    summary: "Deletes a file of the caller, for everybody",
    answers: nothing,
    errors: ["file.not_found", "file.gone"],
    async handle({ caller: { userId }, params, edge, call }) {
      const view = await seenFile(edge, params.id, { userId }, call);
      if (view.ownerId !== userId) throw new DomainError("file.not_found");
      refuseGone(view);
      await edge.actors.get(File, params.id).remove({ userId }, call);
      return null;
    },
  }),

  route({
    ...{ method: "GET", path: "/files/:id/url", auth: "user" },
    summary: "An address of the bytes that works without a token until it ends",
    query: schema<{ expiresSeconds?: number }>({ expiresSeconds: optionalCount(maxLinkSeconds) }),
    answers: linkShape,
    errors: ["file.not_found", "file.gone"],
    async handle({ caller, params, query: { expiresSeconds = defaultLinkSeconds }, edge, call, client }) {
      await readableFile(edge, params.id, caller, call);
      return linkTo({ edge, client }, params.id, expiresSeconds);
    },
  }),

  route({
    ...{ method: "GET", path: "/files/:id/download", auth: "user" },
    summary: "The same in the second spelling",
    query: schema<{ expiresMinutes?: number }>({ expiresMinutes: optionalCount(maxLinkSeconds / secondsPerMinute) }),
    answers: downloadShape,
    errors: ["file.not_found", "file.gone"],
    async handle({
      caller,
      params,
      query: { expiresMinutes = defaultLinkSeconds / secondsPerMinute },
      edge,
      call,
      client,
    }) {
      await readableFile(edge, params.id, caller, call);
      const { url, expiresIn } = linkTo({ edge, client }, params.id, expiresMinutes * secondsPerMinute);
      return { download_url: url, expires_in: expiresIn, downloadUrl: url, expiresIn };
    },
  }),
];
