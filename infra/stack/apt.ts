// Installs a Debian package on a machine where this process may.
import type { Toolbox } from "./server-kind.ts";
import { findInPath, runTool, ToolError } from "./tools.ts";

const installTimeoutMs = 5 * 60_000;
/** Another installation may hold the package manager's lock. */
const lock = ["-o", "DPkg::Lock::Timeout=240"];

/** Resolves with the reason when the package could not be installed. */
export async function installPackage(name: string, tools: Toolbox): Promise<string | undefined> {
  const apt = findInPath("apt-get", tools.env);
  if (!apt) return `${name} is not in PATH`;
  if (process.getuid?.() !== 0) return `${name} is not in PATH, and only root can install it`;
  const options = {
    say: tools.say,
    // The installer asks no questions, and starts no system service that would take a port.
    env: { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
    timeoutMs: installTimeoutMs,
  };
  const install = [...lock, "install", "-y", "--no-install-recommends", name];
  try {
    await runTool(`Installing ${name}`, apt, install, options).catch(async (error: unknown) => {
      if (!(error instanceof ToolError)) throw error;
      // A new machine has empty package lists.
      await runTool("Reading the package lists", apt, [...lock, "update"], options);
      await runTool(`Installing ${name}`, apt, install, options);
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return error.message;
  }
}
