// The settings of files, as configuration.
import type { FileRules } from "../../actors/file/rules.ts";
import type { FileSettings } from "../../gateway/file-settings.ts";
import type { Env } from "./env.ts";
import type { ConfigReader } from "./reader.ts";

export interface FilesConfig {
  rules: FileRules;
  settings: FileSettings;
  /** Images are written anew without their metadata. */
  stripsMetadata: boolean;
  /** Folders in which ffmpeg is looked for. */
  programPath: string;
}

export function readFiles(read: ConfigReader, env: Env): FilesConfig {
  const picture = read.number("MAX_AVATAR_BYTES");
  const file = read.number("MAX_FILE_BYTES");
  return {
    rules: {
      tempFileMs: read.number("TEMP_FILE_MS"),
      expiringNoticeMs: read.number("FILE_EXPIRING_NOTICE_MS"),
      uploadExpireMs: read.number("UPLOAD_EXPIRE_MS"),
    },
    settings: {
      maxBytes: {
        avatar: picture,
        group_avatar: picture,
        chat_image: read.number("MAX_IMAGE_BYTES"),
        chat_video: read.number("MAX_VIDEO_BYTES"),
        chat_voice: file,
        chat_file: file,
        temp: file,
      },
      maxUserBytes: read.number("MAX_USER_STORAGE_BYTES"),
      downloadBytesPerS: read.number("DOWNLOAD_BYTES_PER_S"),
    },
    programPath: env.PATH ?? "",
    stripsMetadata: read.name("STRIP_IMAGE_METADATA") === "on",
  };
}
