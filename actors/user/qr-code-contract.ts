import type { QrCode } from "../shared/qr-code.ts";

export interface UserQrCodeCommands {
  /** The QR code that is good now; a new one when there is none. */
  ensureQrCode(input: Record<string, never>): QrCode;
  /** A new QR code; the one before is good no more. */
  refreshQrCode(input: Record<string, never>): QrCode;
}

export interface UserQrCodeQueries {
  /** The QR code that is good now. */
  qrCode(input: Record<string, never>): { qrCode: QrCode | null };
  /** Throws user.qrcode_expired, or user.qrcode_unknown for a code that was replaced or never was. */
  scan(input: { code: string }): null;
}
