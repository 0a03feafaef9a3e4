// Object storage: versitygw, an S3 server over a folder.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { obtainGoProgram } from "./go-program.ts";
import { checkHttp } from "./http-check.ts";
import type { Program, ServerPlan, Toolbox } from "./server-kind.ts";

const s3Version = "1.8.0";
/** Known to everybody, which is safe only because the server listens on 127.0.0.1. */
export const s3AccessKey = "parley";
export const s3SecretKey = "secret-of-the-local-stack";
export const s3Region = "us-east-1";
/** The name of the bucket: versitygw shows each folder at its root as a bucket. */
export const s3Bucket = "parley";

const startTimeoutMs = 30_000;

export function obtainS3(tools: Toolbox): Promise<Program> {
  return obtainGoProgram(
    {
      server: "s3",
      name: "versitygw",
      version: s3Version,
      module: "github.com/versity/versitygw/cmd/versitygw",
      binary: "versitygw",
      inPath: { names: ["versitygw"], versionMin: "1.0.10" },
      release: ({ os, arch }) => ({
        url: `https://github.com/versity/versitygw/releases/download/v${s3Version}/versitygw_v${s3Version}_${os === "linux" ? "Linux" : os}_${arch === "amd64" ? "x86_64" : arch}.tar.gz`,
        binary: "versitygw",
      }),
    },
    tools,
  );
}

export function planS3(program: Program, place: { dir: string; port: number }): ServerPlan {
  const buckets = join(place.dir, "buckets");
  mkdirSync(join(buckets, s3Bucket), { recursive: true });
  return {
    name: "s3",
    command: program.command,
    args: [
      "--port",
      `127.0.0.1:${place.port}`,
      "--access",
      s3AccessKey,
      "--secret",
      s3SecretKey,
      "--region",
      s3Region,
      "posix",
      buckets,
    ],
    dir: place.dir,
    ports: [place.port],
    check: () => checkHttp(`http://127.0.0.1:${place.port}/`),
    startTimeoutMs,
  };
}
