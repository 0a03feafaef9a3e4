// Finds free ports for tests, and the process that holds a port.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, createServer } from "node:net";

// Below the ephemeral port range, so that no outgoing connection takes the port of a server that is down for a moment.
const lowestPort = 12_000;
const highestPort = 31_000;
const triesMax = 200;
const connectTimeoutMs = 1_000;

/** Different ports on 127.0.0.1 that no process listens on now. */
export async function findFreePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count && tries < triesMax; tries += 1) {
    const port = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort));
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  if (found.size < count) throw new Error(`No ${count} free ports between ${lowestPort} and ${highestPort}.`);
  return [...found];
}

export async function isFree(port: number): Promise<boolean> {
  return !(await isListening(port)) && (await canListen(port));
}

export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: connectTimeoutMs });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(true)); // a stopped process (SIGSTOP) holds the port
    socket.once("error", () => end(false));
  });
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/** For example `redis-server (process 4711)`. Undefined where the system has no /proc or hides the process. */
export function findHolder(port: number): string | undefined {
  const inode = findListeningInode(port);
  if (!inode) return undefined;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (!hasSocket(pid, inode)) continue;
    return `${readFileSync(`/proc/${pid}/comm`, "utf8").trim()} (process ${pid})`;
  }
  return undefined;
}

function findListeningInode(port: number): string | undefined {
  const hexPort = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readLines(table)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (local?.endsWith(hexPort) && state === "0A") return inode;
    }
  }
  return undefined;
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return []; // a system without /proc
  }
}

function hasSocket(pid: string, inode: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => readLink(`${folder}/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false; // the process has ended, or belongs to another user
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // the file was closed
  }
}
