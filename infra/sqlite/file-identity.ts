// Whether a data file is still the file that the store was last opened with, or a copy of it. A wrong "copy" makes every client
// fetch everything again at each start, so nothing is concluded where a file system does not keep the identity of a file.
import { statfsSync, statSync } from "node:fs";

/** As `statfs` names them on Linux: local file systems, where a file keeps its inode number over restarts. */
const lastingTypes: ReadonlySet<bigint> = new Set([
  0xef53n, // ext2, ext3, ext4
  0x58465342n, // xfs
  0x9123683en, // btrfs
  0x2fc12fc1n, // zfs
  0xf2f52010n, // f2fs
  0xca451a4en, // bcachefs
  0x01021994n, // tmpfs
  0x794c7630n, // overlayfs
]);

/** Inode and time of creation in ms; 0: the time is not known. */
export interface FileIdentity {
  readonly inode: bigint;
  readonly bornMs: bigint;
}

/** Undefined: on this file system (a network share, FUSE, a folder of the host in a virtual machine) numbers may change. */
export function readIdentity(path: string): FileIdentity | undefined {
  // macOS and Windows: their own file systems keep the numbers, and statfs has no type that lasts.
  if (process.platform === "linux" && !lastingTypes.has(statfsSync(path, { bigint: true }).type)) return undefined;
  return identityOf(statSync(path, { bigint: true }));
}

type Facts = {
  readonly ino: bigint;
  readonly birthtimeMs: bigint;
  readonly birthtimeNs: bigint;
  readonly ctimeNs: bigint;
};

export function identityOf({ ino, birthtimeMs, birthtimeNs, ctimeNs }: Facts): FileIdentity {
  // Where the kernel does not tell the time of creation, Node answers with 0 or with the time of the last change.
  return { inode: ino, bornMs: birthtimeNs === ctimeNs ? 0n : birthtimeMs };
}

/** False also when it cannot be known. */
export function isAnotherFile(known: FileIdentity, now: FileIdentity): boolean {
  if (known.inode !== now.inode) return true;
  return known.bornMs !== 0n && now.bornMs !== 0n && known.bornMs !== now.bornMs;
}

export function encodeIdentity({ inode, bornMs }: FileIdentity): string {
  return `${inode}/${bornMs}`;
}

export function decodeIdentity(text: string): FileIdentity {
  const [inode = "0", bornMs = "0"] = text.split("/");
  return { inode: BigInt(inode), bornMs: BigInt(bornMs) };
}
