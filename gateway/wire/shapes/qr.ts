import { object, text, time } from "./fields.ts";

/** The QR code of a user or a group. */
export const qrCodeShape = object(
  {
    code: text(64),
    content: text(2_048, "what the picture says"),
    qrcodeUrl: text(2_048, "the picture as PNG, without a token"),
    expiresAt: time,
  },
  "QrCode",
);
