// Films and sounds for tests, made by ffmpeg.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { installPackage } from "../../infra/stack/apt.ts";
import type { Toolbox } from "../../infra/stack/server-kind.ts";
import { findInPath } from "../../infra/stack/tools.ts";
import { NeedMissingError } from "./need-names.ts";
import { createTempFolder } from "./temp-folder.ts";

/** The path of the program: that of PATH, else that of the package installed now. */
export async function obtainFfmpeg(tools: Toolbox): Promise<string> {
  const found = findInPath("ffmpeg", tools.env);
  if (found) return found;
  const problem = await installPackage("ffmpeg", tools);
  const installed = problem ? undefined : findInPath("ffmpeg", tools.env);
  if (installed) return installed;
  const remedy = 'install it (Debian, as root: "apt-get install ffmpeg")';
  throw new NeedMissingError(`ffmpeg: ${problem ?? "its package has no program of this name"}; ${remedy}`);
}

/** `args`: between the sources and the output. */
export function makeFilm(name: string, args: readonly string[], { seconds = 2, size = "320x180" } = {}): Buffer {
  const path = join(createTempFolder("film"), name);
  const picture = ["-f", "lavfi", "-i", `testsrc=duration=${seconds}:size=${size}:rate=10`];
  const sound = ["-f", "lavfi", "-i", `sine=frequency=440:duration=${seconds}`];
  execFileSync("ffmpeg", ["-v", "error", ...picture, ...sound, ...args, path]);
  return readFileSync(path);
}
