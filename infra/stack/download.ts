// Downloads official releases, for machines that reach the internet and have no compiler.
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Toolbox } from "./server-kind.ts";
import { runTool, ToolError } from "./tools.ts";

const progressEveryMs = 5_000;
const downloadTimeoutMs = 5 * 60_000;
const unpackTimeoutMs = 2 * 60_000;

/** Downloads the .tar.gz at `url` and unpacks it into `<folder>/release`. Throws ToolError. */
export async function fetchArchive(title: string, url: string, folder: string, tools: Toolbox): Promise<void> {
  const archive = join(folder, "release.tar.gz");
  const release = join(folder, "release");
  mkdirSync(release);
  let bytes = 0;
  tools.say(`${title} …`);
  const progress = setInterval(() => tools.say(`${title}: ${(bytes / 2 ** 20).toFixed(1)} MiB.`), progressEveryMs);
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(downloadTimeoutMs) });
    if (!answer.ok || !answer.body) throw new Error(`HTTP status ${answer.status}`);
    const counted = Readable.fromWeb(answer.body).on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
    });
    await pipeline(counted, createWriteStream(archive));
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    throw new ToolError(`${url} could not be downloaded: ${reason}`, { cause: error });
  } finally {
    clearInterval(progress);
  }
  await runTool(`Unpacking ${url}`, "tar", ["-xzf", archive, "-C", release], {
    say: tools.say,
    timeoutMs: unpackTimeoutMs,
  });
}
