import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Programs } from "./child.ts";

/** Undefined unless both are in one of the folders of PATH. */
export function findPrograms(path: string): Programs | undefined {
  const [ffmpeg, ffprobe] = [find("ffmpeg", path), find("ffprobe", path)];
  return ffmpeg === undefined || ffprobe === undefined ? undefined : { ffmpeg, ffprobe };
}

function find(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, process.platform === "win32" ? `${name}.exe` : name))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
