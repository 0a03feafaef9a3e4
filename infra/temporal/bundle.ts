// Bundles the workflows in a process of its own: it takes two seconds of a thread, and this one holds the host's lease.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const bundleMsMax = 120_000;
/** Of the bundle's text; it has about 2 MiB. */
const maxBundleBytes = 64 * 1024 * 1024;

let bundle: Promise<{ code: string }> | undefined;

/** Once per process. Rejects with what the bundler said. */
export function bundleApart(): Promise<{ code: string }> {
  bundle ??= run();
  bundle.catch(() => {
    bundle = undefined; // the next worker tries again
  });
  return bundle;
}

async function run(): Promise<{ code: string }> {
  const script = fileURLToPath(new URL("bundle-process.ts", import.meta.url));
  const options = { maxBuffer: maxBundleBytes, timeout: bundleMsMax, killSignal: "SIGKILL" } as const;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", script],
    options,
  );
  return { code: stdout };
}
