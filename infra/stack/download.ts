// Official releases, for machines that reach the internet and cannot build.
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Toolbox } from "./server-kind.ts";
import { runTool, ToolError } from "./tools.ts";

const sayEveryMs = 5_000;
const downloadTimeoutMs = 5 * 60_000;
const unpackTimeoutMs = 2 * 60_000;

/** Gets the .tar.gz at `url` and unpacks it into `<folder>/release`. Throws ToolError. */
export async function fetchArchive(title: string, url: string, folder: string, tools: Toolbox): Promise<void> {
  const archive = join(folder, "release.tar.gz");
  const release = join(folder, "release");
  mkdirSync(release);
  let bytes = 0;
  tools.say(`${title} …`);
  const progress = setInterval(() => tools.say(`${title}: ${(bytes / 2 ** 20).toFixed(1)} MiB.`), sayEveryMs);
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(downloadTimeoutMs) });
    if (!answer.ok || !answer.body) throw new Error(`it answers ${answer.status}`);
    const counted = Readable.fromWeb(answer.body).on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
    });
    await pipeline(counted, createWriteStream(archive));
  } catch (error) {
    const { message, cause } = error as Error;
    throw new ToolError(`${url} cannot be had: ${cause instanceof Error ? cause.message : message}`, { cause: error });
  } finally {
    clearInterval(progress);
  }
  await runTool(`Unpacking ${url}`, "tar", ["-xzf", archive, "-C", release], {
    say: tools.say,
    timeoutMs: unpackTimeoutMs,
  });
}
