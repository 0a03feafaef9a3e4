// QR codes of groups.
import { Conversation } from "../../../actors/conversation/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { groupConversationId } from "../../../actors/shared/ids.ts";
import { maxChars } from "../../../actors/shared/limits.ts";
import { ownerOfQrCode } from "../../../actors/shared/qr-code.ts";
import { optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { joinedByQrShape, scannedGroupShape } from "../../wire/shapes/group.ts";
import { qrCodeShape } from "../../wire/shapes/qr.ts";
import { pictureQuery, pictures, qrCodeAnswer, qrPicture } from "../kit/qr-codes.ts";
import { type Edge, type Route, route } from "../kit/route.ts";
import { groupOf } from "./groups.ts";

const refusals = ["user.qrcode_unknown", "group.qrcode_expired", "group.dissolved"] as const;

export const groupQrCodeRoutes: Route[] = [
  route({
    method: "GET",
    path: "/groups/:id/qrcode",
    auth: "user",
    limit: limits.qrCode,
    summary: "The group's QR code, or its picture where a format is given",
    query: pictureQuery,
    answers: qrCodeShape,
    pictures,
    does: ["group.view_qr"],
    handle: async ({ caller, params, query, edge, call, client }) => {
      const code = await groupOf(edge, params.id).ensureGroupQrCode({ userId: caller.userId }, call);
      return qrCodeAnswer(edge, client, "group", code, query.format);
    },
  }),
  route({
    method: "POST",
    path: "/groups/:id/qrcode/refresh",
    auth: "user",
    limit: limits.qrCode,
    summary: "A new QR code for the group; the one before is good no more",
    query: pictureQuery,
    answers: qrCodeShape,
    pictures,
    does: ["group.refresh_qr"],
    handle: async ({ caller, params, query, edge, call, client }) => {
      const code = await groupOf(edge, params.id).refreshGroupQrCode({ by: caller.userId }, call);
      return qrCodeAnswer(edge, client, "group", code, query.format);
    },
  }),
  route({
    method: "GET",
    path: "/groups/qrcode/:code",
    auth: "user",
    limit: limits.searchUsers,
    summary: "The group whose QR code was scanned",
    answers: scannedGroupShape,
    does: ["group.scan"],
    errors: [...refusals],
    handle: ({ caller, params: { code }, edge, call }) =>
      scannedGroup(edge, code).scanGroup({ userId: caller.userId, code }, call),
  }),
  route({
    method: "POST",
    path: "/groups/qrcode/:code/join",
    auth: "user",
    limit: limits.searchUsers,
    summary: "Joins the group whose QR code was scanned, or requests to join",
    body: schema<{ message?: string }>(
      { message: optionalText(maxChars.requestMessage) },
      { example: { message: "May I come along?" } },
    ),
    answers: joinedByQrShape,
    does: ["group.join"],
    errors: [...refusals, "group.full"],
    async handle({ caller, params: { code }, body, edge, call }) {
      const { message = "" } = body;
      const asked = { userId: caller.userId, code, message };
      const { needVerify, requestId = null } = await scannedGroup(edge, code).joinByQrCode(asked, call);
      return { groupId: ownerOfQrCode("group", code)!, needVerify, requestId };
    },
  }),
  route({
    method: "GET",
    path: "/groups/qrcode/:code/picture",
    auth: "none",
    summary: "The picture of a QR code, a PNG unless a format is given",
    query: pictureQuery,
    answers: nothing,
    pictures,
    errors: [...refusals],
    async handle({ params: { code }, query, edge, call, client }) {
      await scannedGroup(edge, code).scanGroup({ userId: "", code }, call);
      return qrPicture(edge, client, "group", code, query.format);
    },
  }),
];

/** The actor of the group that the code names. */
function scannedGroup(edge: Edge, code: string) {
  const groupId = ownerOfQrCode("group", code);
  if (groupId === undefined) throw new DomainError("user.qrcode_unknown");
  return edge.actors.get(Conversation, groupConversationId(groupId));
}
