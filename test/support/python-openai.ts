// The official `openai` package for Python: from the cache, or installed there by pip. A script runs with it as a user's would.
import { spawn } from "node:child_process";
import { installPackage } from "../../infra/stack/apt.ts";
import { installOnce } from "../../infra/stack/cache.ts";
import type { Toolbox } from "../../infra/stack/server-kind.ts";
import { findInPath, runTool, ToolError } from "../../infra/stack/tools.ts";
import { NeedMissingError } from "./need-names.ts";

const version = "3.57.0";
const installTimeoutMs = 180_000;
const runTimeoutMs = 120_000;

/** Resolves with the folder of the package. */
export async function obtainPythonOpenAi(tools: Toolbox): Promise<{ python: string; packages: string }> {
  const python = findInPath("python3", tools.env) ?? (await installPython(tools));
  if (!python) throw new NeedMissingError("python-openai: python3 is not in PATH; install Python 3.9 with pip");
  const packages = await installOnce(`python-openai-${version}`, tools, async (folder) => {
    const args = ["-m", "pip", "install", "--quiet", "--no-cache-dir", "--target", folder, `openai==${version}`];
    try {
      await runTool(`Installing openai ${version} for Python`, python, args, {
        say: tools.say,
        timeoutMs: installTimeoutMs,
      });
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      throw new NeedMissingError(`python-openai: ${error.message}; install pip, or let it reach a registry`);
    }
  });
  return { python, packages };
}

async function installPython(tools: Toolbox): Promise<string | undefined> {
  const problem = await installPackage("python3-pip", tools); // Python comes with it
  return problem ? undefined : findInPath("python3", tools.env);
}

/** The last line that the script prints, as JSON. An exception of the script is thrown with its traceback. */
export async function runPython<Result>(script: string, env: Record<string, string>): Promise<Result> {
  const { python, packages } = await obtainPythonOpenAi({ env: process.env, say: () => {} });
  const child = spawn(python, ["-c", script], {
    env: { ...process.env, ...env, PYTHONPATH: packages, PYTHONIOENCODING: "utf-8" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: runTimeoutMs,
  });
  const [output, problem, code] = await Promise.all([
    child.stdout.setEncoding("utf8").toArray(),
    child.stderr.setEncoding("utf8").toArray(),
    new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve)),
  ]);
  if (code !== 0) throw new Error(`python ended with ${code}: ${problem.join("")}`);
  return JSON.parse(output.join("").trimEnd().split("\n").at(-1) ?? "") as Result;
}
