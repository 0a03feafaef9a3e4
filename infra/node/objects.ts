// Opens the store of the bytes of files: an S3 server, or a folder of this process.
import type { Objects } from "../../actors/file/objects.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { Log } from "../../gateway/ports.ts";
import type { Config } from "../config/config.ts";
import type { Lifecycle } from "./lifecycle.ts";

interface OpenObjects {
  readonly objects: Objects;
  /** Probes for /ready. A failing one does not make the host unready, because only files need the store. */
  readonly states: Readonly<Record<string, () => Promise<string>>>;
}

export async function openObjects(
  { objects: { dir, s3 }, cluster }: Pick<Config, "objects" | "cluster">,
  { log, lifecycle }: { log: Log; lifecycle: Lifecycle },
): Promise<OpenObjects> {
  if (s3) {
    const opened = (await import("../objects/s3.ts")).openS3Objects(s3);
    await lifecycle.start({ name: "objects", stop: () => opened.close() });
    return { objects: opened, states: { s3: () => opened.probe() } };
  }
  // A folder of one host of a cluster would be unknown to the others.
  if (cluster) {
    log.warn("objects: S3_ENDPOINT is not set, so this cluster takes no files");
    return { objects: refusingObjects, states: {} };
  }
  return { objects: await (await import("../objects/directory.ts")).openDirectoryObjects(dir), states: {} };
}

const refuse = async () => {
  throw new DomainError("common.unavailable", { message: "This system has no store for files." });
};
const refusingObjects: Objects = { put: refuse, get: refuse, copy: refuse, stat: refuse, delete: refuse };
