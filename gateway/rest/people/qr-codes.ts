// QR codes of users.
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { ownerOfQrCode, type QrCode } from "../../../actors/shared/qr-code.ts";
import { User } from "../../../actors/user/contract.ts";
import { limits } from "../../kit/rate-limit.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { qrCodeShape } from "../../wire/shapes/qr.ts";
import { cardShape } from "../../wire/shapes/user.ts";
import { pictureQuery, pictures, qrCodeAnswer, qrPicture } from "../kit/qr-codes.ts";
import { type Edge, type Route, route } from "../kit/route.ts";
import { cardFor } from "./find-users.ts";

export const qrCodeRoutes: Route[] = [
  route({
    method: "GET",
    path: "/users/me/qrcode",
    auth: "user",
    limit: limits.qrCode,
    summary: "The caller's QR code, or its picture where a format is given",
    query: pictureQuery,
    answers: qrCodeShape,
    pictures,
    handle: async ({ caller, query, edge, call, client }) =>
      qrCodeAnswer(edge, client, "user", await qrCodeOf(edge, caller.userId, call), query.format),
  }),
  route({
    method: "POST",
    path: "/users/qrcode/refresh",
    auth: "user",
    limit: limits.qrCode,
    summary: "A new QR code for the caller; the one before is good no more",
    query: pictureQuery,
    answers: qrCodeShape,
    pictures,
    handle: async ({ caller, query, edge, call, client }) =>
      qrCodeAnswer(
        edge,
        client,
        "user",
        await edge.actors.get(User, caller.userId).refreshQrCode({}, call),
        query.format,
      ),
  }),
  route({
    method: "GET",
    path: "/users/qrcode/:code",
    auth: "user",
    limit: limits.searchUsers,
    summary: "The user whose QR code was scanned",
    answers: cardShape,
    errors: ["user.qrcode_unknown", "user.qrcode_expired"],
    handle: async ({ caller, params, edge, call }) =>
      cardFor(edge, caller.userId, await scanned(edge, params.code, call), call),
  }),
  route({
    method: "GET",
    path: "/users/qrcode/:code/picture",
    auth: "none",
    summary: "The picture of a QR code, a PNG unless a format is given",
    query: pictureQuery,
    answers: nothing,
    pictures,
    errors: ["user.qrcode_unknown", "user.qrcode_expired"],
    async handle({ params, query, edge, call, client }) {
      await scanned(edge, params.code, call);
      return qrPicture(edge, client, "user", params.code, query.format);
    },
  }),
];

/** The user's code that is good now; a code is made when there is none. */
export async function qrCodeOf(edge: Edge, userId: UserId, call: CallOptions): Promise<QrCode> {
  const user = edge.actors.get(User, userId);
  // The command id of the request is that of another command of the user.
  const ownCall = { ...call, commandId: undefined };
  const { qrCode } = await user.qrCode({}, ownCall);
  return qrCode ?? user.ensureQrCode({}, ownCall);
}

async function scanned(edge: Edge, code: string, call: CallOptions): Promise<UserId> {
  const userId = ownerOfQrCode("user", code);
  if (userId === undefined) throw new DomainError("user.qrcode_unknown");
  await edge.actors.get(User, userId).scan({ code }, call);
  return userId;
}
