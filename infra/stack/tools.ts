// Running the tools that install and find programs.
import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Env } from "../config/env.ts";
import type { Program, ServerName, Toolbox } from "./server-kind.ts";
import { ServerMissingError } from "./server-kind.ts";

const sayEveryMs = 5_000;
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
    return false; // not there, or not ours to run: both mean the next place
  }
}

/** What a program prints, at most the last `outputCharsMax`. Throws ToolError when it fails. */
export async function ask(command: string, args: readonly string[]): Promise<string> {
  const { output } = await runProcess(command, args, { timeoutMs: askTimeoutMs });
  return output;
}

/** Runs a slow tool, and says that it still runs. Throws ToolError with the end of what it printed. */
export async function runTool(
  title: string,
  command: string,
  args: readonly string[],
  options: { say: Toolbox["say"]; env?: Record<string, string>; cwd?: string; timeoutMs: number },
): Promise<void> {
  const startedMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedMs) / 1_000);
  options.say(`${title} …`);
  const progress = setInterval(() => options.say(`${title}: still at it (${seconds()} s).`), sayEveryMs);
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
    // env(1) adds to the environment that is inherited.
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

/** "2.15.2" of "nats-server: v2.15.2"; undefined when there is none. */
export function parseVersion(text: string): string | undefined {
  return /(\d+\.\d+\.\d+)/.exec(text)?.[1];
}

export function isAtLeast(version: string, least: string): boolean {
  const [has, wants] = [version, least].map((each) => each.split(".").map(Number));
  for (const [index, wanted] of (wants ?? []).entries()) {
    const part = has?.[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

/** A program in PATH that is new enough; an older one is passed over. */
export async function findProgram(
  names: readonly string[],
  least: string,
  env: Env,
  versionArgs: readonly string[] = ["--version"],
): Promise<Program | undefined> {
  for (const name of names) {
    const command = findInPath(name, env);
    if (!command) continue;
    const version = await ask(command, versionArgs).then(parseVersion, () => undefined);
    if (version && isAtLeast(version, least)) return { command, version, from: "PATH" };
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
