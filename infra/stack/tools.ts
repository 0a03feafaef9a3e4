// Finds programs in PATH, and runs the tools that install them.
import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Env } from "../config/env.ts";
import type { Program, ServerName, Toolbox } from "./server-kind.ts";
import { ServerMissingError } from "./server-kind.ts";

const progressEveryMs = 5_000;
const outputCharsMax = 4_000;
const askTimeoutMs = 20_000;

export class ToolError extends Error {
  override name = "ToolError";
}

/** The absolute path of an executable file, as a shell would find it. */
export function findInPath(name: string, env: Env): string | undefined {
  return (env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // missing, or not executable for this user
  }
}

/** The last `outputCharsMax` characters that a program prints. Throws ToolError when the program fails. */
export async function ask(command: string, args: readonly string[]): Promise<string> {
  const { output } = await runProcess(command, args, { timeoutMs: askTimeoutMs });
  return output;
}

/** Runs a slow tool and prints its progress. Throws ToolError with the end of the tool's output. */
export async function runTool(
  title: string,
  command: string,
  args: readonly string[],
  options: { say: Toolbox["say"]; env?: Record<string, string>; cwd?: string; timeoutMs: number },
): Promise<void> {
  const startedMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedMs) / 1_000);
  options.say(`${title} …`);
  const progress = setInterval(() => options.say(`${title}: still running (${seconds()} s).`), progressEveryMs);
  try {
    await runProcess(command, args, options);
    options.say(`${title}: done in ${seconds()} s.`);
  } finally {
    clearInterval(progress);
  }
}

function runProcess(
  command: string,
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; timeoutMs: number },
): Promise<{ output: string }> {
  return new Promise((resolve, reject) => {
    // env(1) adds variables to the inherited environment.
    const added = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`);
    const [program, programArgs] = added.length > 0 ? ["env", [...added, command, ...args]] : [command, [...args]];
    const child = spawn(program, programArgs, { cwd: options.cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-outputCharsMax);
      });
    }
    const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(new ToolError(`${command} could not be started: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve({ output });
      reject(new ToolError(`${command} ${args[0] ?? ""} ended with ${signal ?? code}: ${lastLines(output)}`));
    });
  });
}

export function lastLines(text: string, count = 5): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

/** Finds "2.15.2" in "nats-server: v2.15.2". Undefined when the text has no version. */
export function parseVersion(text: string): string | undefined {
  return /(\d+\.\d+\.\d+)/.exec(text)?.[1];
}

export function isAtLeast(version: string, versionMin: string): boolean {
  const [has, wants] = [version, versionMin].map((each) => each.split(".").map(Number));
  for (const [index, wanted] of (wants ?? []).entries()) {
    const part = has?.[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

/** Finds a program in PATH with at least `versionMin`; older programs are skipped. */
export async function findProgram(
  names: readonly string[],
  versionMin: string,
  env: Env,
  versionArgs: readonly string[] = ["--version"],
): Promise<Program | undefined> {
  for (const name of names) {
    const command = findInPath(name, env);
    if (!command) continue;
    const version = await ask(command, versionArgs).then(parseVersion, () => undefined);
    if (version && isAtLeast(version, versionMin)) return { command, version, from: "PATH" };
  }
  return undefined;
}

export function missing(server: ServerName, why: string, whatToDo: string, cause?: unknown): ServerMissingError {
  return new ServerMissingError(
    server,
    why,
    `${whatToDo}, or use "docker compose --profile cluster up cluster"`,
    cause,
  );
}
