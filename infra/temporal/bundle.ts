// Bundles the workflows in a separate process: bundling blocks a thread for two seconds, and the main thread must renew the
// host's lease.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const bundleMsMax = 120_000;
/** The bundle's text has about 2 MiB. */
const maxBundleBytes = 64 * 1024 * 1024;

let bundle: Promise<{ code: string }> | undefined;

/** Bundles once per process. Rejects with the bundler's error. */
export function bundleInProcess(): Promise<{ code: string }> {
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
