// Installs what a script needs before it can run: the packages of package-lock.json, which include Node itself.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const progressEveryMs = 5_000;
const lockCheckEveryMs = 250;

/** True when every package of package-lock.json is installed in its version. Optional packages may be missing. */
export function isInstalled() {
  const wanted = readPackages("package-lock.json");
  const present = readPackages("node_modules/.package-lock.json");
  if (!wanted) fail("package-lock.json is missing: this checkout is not complete.");
  if (!present) return false;
  const withoutDev = process.env.NODE_ENV === "production"; // npm then installs no dev dependencies
  return Object.entries(wanted).every(([path, { version, integrity, optional, dev, devOptional }]) => {
    const there = present[path];
    if (there) return there.version === version && there.integrity === integrity;
    return path === "" || optional || ((dev || devOptional) && withoutDev);
  });
}

/** Installs the packages. A lock lets one process install at a time, because a server and a client may be started together. */
export async function install() {
  const lock = join(tmpdir(), `parley-install-${createHash("sha256").update(root).digest("hex").slice(0, 16)}`);
  for (let waits = 0; !takeLock(lock); waits += 1) {
    if (waits === 0) say("Another process is installing the packages in this folder. Waiting for it.");
    await pause(lockCheckEveryMs);
  }
  const problem = isInstalled() ? undefined : await runNpm();
  rmSync(lock, { force: true });
  if (problem) {
    fail(
      `The packages could not be installed: ${problem} See the output of npm above.\n` +
        "Without a network, copy node_modules from another checkout on the same kind of machine. Otherwise remove the cause and start again.",
    );
  }
}

/**
 * The lock is a hard link to a file that holds our pid: linking is atomic, so no process reads a half-written lock. A lock
 * whose process has ended is removed.
 */
function takeLock(lock) {
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    const holder = readHolder(lock);
    if (holder && !isAlive(holder)) rmSync(lock, { force: true });
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function readHolder(lock) {
  try {
    return Number(readFileSync(lock, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return undefined; // the lock was released just now
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

async function runNpm() {
  const count = Object.keys(readPackages("package-lock.json") ?? {}).length;
  say(
    `Installing about ${count} packages into node_modules with "npm ci". This happens once and takes a minute or two.`,
  );
  const startedMs = Date.now();
  const seconds = () => Math.round((Date.now() - startedMs) / 1_000);
  const progress = setInterval(() => say(`Still installing (${seconds()} s).`), progressEveryMs);
  const [code, problem] = await new Promise((resolve) => {
    const npm = process.env.npm_execpath;
    const flags = ["ci"]; // .npmrc hides npm's warnings (engines, audits): a first user cannot act on them
    const options = { cwd: root, stdio: ["ignore", "inherit", "inherit"] };
    // On Windows npm is a .cmd file, which only a shell can start.
    const child = npm?.endsWith(".js")
      ? spawn(process.execPath, [npm, ...flags], options)
      : spawn("npm", flags, { ...options, shell: process.platform === "win32" });
    child.once("error", (error) => resolve([1, `npm could not be started: ${error.message}.`]));
    child.once("exit", (exitCode, signal) =>
      resolve([exitCode, `npm ended with ${signal ?? `exit code ${exitCode}`}.`]),
    );
  });
  clearInterval(progress);
  if (code !== 0) return problem;
  say(`Installed in ${seconds()} s.`);
}

/** The Node that npm installed; or the machine's own, when it is new enough and the package has no binary. */
export function findNode() {
  const name = process.platform === "win32" ? "node.exe" : "node";
  const platformPackage = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const places = [
    "node_modules/node/bin",
    `node_modules/node/node_modules/${platformPackage}/bin`,
    `node_modules/${platformPackage}/bin`,
  ];
  const found = places.map((place) => join(root, place, name)).find((path) => existsSync(path));
  if (found) return found;
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath;
  return fail(
    `Node 24 is missing in node_modules/node: npm did not run the install script of the package "node", perhaps because of ignore-scripts.\n` +
      `Run "npm rebuild node --ignore-scripts=false" here, or start with a Node of version 24 or newer (this is ${process.version}).`,
  );
}

function readPackages(path) {
  const file = join(root, path);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : undefined;
}

export function say(text) {
  process.stderr.write(`${text}\n`);
}

export function fail(text) {
  say(text);
  process.exit(1);
}
