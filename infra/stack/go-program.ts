// Finds or installs a server written in Go: from PATH, from the cache, by `go install`, or from its official release, in this
// order.
import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { installOnce } from "./cache.ts";
import { fetchArchive } from "./download.ts";
import type { Program, ServerName, Toolbox } from "./server-kind.ts";
import { findInPath, findProgram, missing, runTool, ToolError } from "./tools.ts";

export interface GoRecipe {
  server: ServerName;
  /** The folder in the cache is `<name>-<version>`. */
  name: string;
  version: string;
  /** Argument of `go install <module>@v<version>`. */
  module: string;
  /** The file name that `go install` gives the binary. */
  binary: string;
  /** The names that distributions give the binary, and the oldest version that is accepted. */
  inPath: { names: readonly string[]; versionMin: string; versionArgs?: readonly string[] };
  /** The address of a .tar.gz that contains a file `binary`. */
  release(system: { os: string; arch: string }): { url: string; binary: string };
}

const buildTimeoutMs = 12 * 60_000;
// More builds at once would not be faster on few cores, and each needs its own memory.
const buildsAtOnceMax = 2;
const waiting: (() => void)[] = [];
let building = 0;

export async function obtainGoProgram(recipe: GoRecipe, tools: Toolbox): Promise<Program> {
  const { names, versionMin, versionArgs } = recipe.inPath;
  const found = await findProgram(names, versionMin, tools.env, versionArgs);
  if (found) return found;
  const folder = await installOnce(`${recipe.name}-${recipe.version}`, tools, async (fresh) => {
    mkdirSync(join(fresh, "bin"));
    const problem = (await build(recipe, fresh, tools)) ?? "";
    if (problem === "") return;
    const downloadProblem = await download(recipe, fresh, tools);
    if (!downloadProblem) return;
    throw missing(
      recipe.server,
      `${problem}, and ${downloadProblem}`,
      `install Go, or put ${names[0]} ${versionMin} or newer into PATH`,
    );
  });
  return { command: join(folder, "bin", recipe.binary), version: recipe.version, from: "cache" };
}

/** Resolves with the reason when the build failed. */
async function build(recipe: GoRecipe, folder: string, tools: Toolbox): Promise<string | undefined> {
  const go = findInPath("go", tools.env);
  if (!go) return "Go is not in PATH";
  await takeBuildSlot();
  try {
    await runTool(`Building ${recipe.name} ${recipe.version}`, go, ["install", `${recipe.module}@v${recipe.version}`], {
      say: tools.say,
      env: { GOBIN: join(folder, "bin") },
      timeoutMs: buildTimeoutMs,
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return error.message;
  } finally {
    releaseBuildSlot();
  }
}

function takeBuildSlot(): Promise<void> | void {
  building += 1;
  if (building > buildsAtOnceMax) return new Promise((resolve) => waiting.push(resolve));
}

function releaseBuildSlot(): void {
  building -= 1;
  waiting.shift()?.();
}

/** Resolves with the reason when the download failed. */
async function download(recipe: GoRecipe, folder: string, tools: Toolbox): Promise<string | undefined> {
  const arch = { x64: "amd64", arm64: "arm64" }[process.arch as string];
  if (process.platform !== "linux" || !arch) return "there is no release for this system";
  const { url, binary } = recipe.release({ os: "linux", arch });
  try {
    await fetchArchive(`Downloading ${recipe.name} ${recipe.version}`, url, folder, tools);
    const file = listFiles(folder).find((path) => path.endsWith(`/${binary}`));
    if (!file) return `${url} contains no ${binary}`;
    renameSync(file, join(folder, "bin", recipe.binary));
    return undefined;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return error.message;
  }
}

function listFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
