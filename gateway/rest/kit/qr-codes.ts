// QR codes of users and groups: what the routes of both answer. The picture of a code is served without a token, because pages
// show it as an image; a client that has its address has the code.
import type { QrCode, QrOwner } from "../../../actors/shared/qr-code.ts";
import { schema } from "../../input/validate.ts";
import { baseUrlOf } from "../../kit/base-url.ts";
import type { ValueOf } from "../../wire/shapes/fields.ts";
import type { qrCodeShape } from "../../wire/shapes/qr.ts";
import { Picture, type PictureType } from "./picture.ts";
import { apiPrefix, type Client, type Edge } from "./route.ts";

interface PictureQuery {
  format?: "png" | "svg";
}
export const pictureQuery = schema<PictureQuery>({
  format: { type: "string", enum: ["png", "svg"], optional: true },
});

const mediaTypes: Readonly<Record<NonNullable<PictureQuery["format"]>, PictureType>> = {
  png: "image/png",
  svg: "image/svg+xml",
};
export const pictures: readonly PictureType[] = Object.values(mediaTypes);
type WireQrCode = ValueOf<typeof qrCodeShape>;

/** The code on the wire, or its picture where a format was asked for. */
export async function qrCodeAnswer(
  edge: Edge,
  client: Client,
  owner: QrOwner,
  { code, expiresAtMs }: QrCode,
  format?: PictureQuery["format"],
): Promise<WireQrCode | Picture> {
  if (format !== undefined) return qrPicture(edge, client, owner, code, format);
  const content = contentOf(edge, client, owner, code);
  return { code, content, qrcodeUrl: qrPictureUrl(edge, client, owner, code), expiresAt: expiresAtMs };
}

/** The picture of a code that was checked before. */
export async function qrPicture(
  edge: Edge,
  client: Client,
  owner: QrOwner,
  code: string,
  format: NonNullable<PictureQuery["format"]> = "png",
): Promise<Picture> {
  return new Picture(mediaTypes[format], await edge.qrPictures.draw(contentOf(edge, client, owner, code), format));
}

export function qrPictureUrl(edge: Edge, client: Client, owner: QrOwner, code: string): string {
  return `${baseUrlOf(edge, client)}${apiPrefix}/${owner}s/qrcode/${code}/picture`;
}

/** A page of this server: a camera without a client of it opens the web chat. */
function contentOf(edge: Edge, client: Client, owner: QrOwner, code: string): string {
  return `${baseUrlOf(edge, client)}/?${owner}=${code}`;
}
