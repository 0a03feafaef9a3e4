// Environment variables of files: their limits, and how long they stay.
import { defaultFileRules } from "../../actors/file/rules.ts";
import { defaultFileSettings } from "../../gateway/file-settings.ts";
import type { Variable } from "./variable.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const kib = 1_024;
const gib = kib * kib * kib;
const { maxBytes, maxUserBytes, downloadBytesPerS } = defaultFileSettings;

const size = (text: string, bytes: number, max: number) => ({
  text: `${text} A larger one is refused (070101).`,
  unit: "bytes",
  default: String(bytes),
  min: kib,
  max,
});

export const fileVariables = {
  MAX_AVATAR_BYTES: size("Size of the picture of a user or a group.", maxBytes.avatar, gib),
  MAX_IMAGE_BYTES: size("Size of an image in a chat.", maxBytes.chat_image, gib),
  MAX_VIDEO_BYTES: size("Size of a video in a chat.", maxBytes.chat_video, 64 * gib),
  MAX_FILE_BYTES: size("Size of any other file, a voice note among them.", maxBytes.chat_file, 64 * gib),
  MAX_USER_STORAGE_BYTES: {
    text: "All files of a user together. More are refused (070103).",
    unit: "bytes",
    default: String(maxUserBytes),
    min: kib,
    max: 1_024 * 1_024 * gib,
  },
  TEMP_FILE_MS: {
    text: "A temporary file expires so long after its upload.",
    unit: "ms",
    default: String(defaultFileRules.tempFileMs),
    min: 1_000,
    max: 400 * dayMs,
  },
  FILE_EXPIRING_NOTICE_MS: {
    text: "The owner of a temporary file is notified so long before it expires.",
    unit: "ms",
    default: String(defaultFileRules.expiringNoticeMs),
    min: 0,
    max: 400 * dayMs,
  },
  UPLOAD_EXPIRE_MS: {
    text: "An upload that was begun and not completed is removed so long after its last part.",
    unit: "ms",
    default: String(defaultFileRules.uploadExpireMs),
    min: 1_000,
    max: 30 * dayMs,
  },
  DOWNLOAD_BYTES_PER_S: {
    text: "Rate of each download. 0: as fast as it goes.",
    unit: "bytes/s",
    default: String(downloadBytesPerS),
    min: 0,
    max: 64 * gib,
  },
  STRIP_IMAGE_METADATA: {
    text: "on: images are stored without place, camera and other metadata, written anew. off: byte for byte as they came.",
    unit: "on|off",
    default: "off",
    oneOf: ["on", "off"],
  },
} as const satisfies Record<string, Variable>;
