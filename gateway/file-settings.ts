// What the edge has to know of files.
import type { FileType } from "../actors/shared/file-type.ts";

export interface FileSettings {
  /** Larger ones are refused: file.too_large. */
  readonly maxBytes: Readonly<Record<FileType, number>>;
  /** Of all files of one user: file.storage_full. */
  readonly maxUserBytes: number;
  /** Of each download; 0: no limit. */
  readonly downloadBytesPerS: number;
}

const mib = 1_024 * 1_024;

export const defaultFileSettings: FileSettings = {
  maxBytes: {
    avatar: 5 * mib,
    group_avatar: 5 * mib,
    chat_image: 20 * mib,
    chat_video: 500 * mib,
    chat_voice: 1_024 * mib,
    chat_file: 1_024 * mib,
    temp: 1_024 * mib,
  },
  maxUserBytes: 10 * 1_024 * mib,
  downloadBytesPerS: 0,
};
