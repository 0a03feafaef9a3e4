// Films and sounds for tests, made by ffmpeg.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createTempFolder } from "./temp-folder.ts";

/** `args`: those of ffmpeg between the sources and the output. */
export function makeFilm(name: string, args: readonly string[], { seconds = 2, size = "320x180" } = {}): Buffer {
  const folder = createTempFolder("film");
  const path = join(folder, name);
  const picture = ["-f", "lavfi", "-i", `testsrc=duration=${seconds}:size=${size}:rate=10`];
  const sound = ["-f", "lavfi", "-i", `sine=frequency=440:duration=${seconds}`];
  try {
    execFileSync("ffmpeg", ["-v", "error", ...picture, ...sound, ...args, path]);
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
