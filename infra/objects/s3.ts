// Objects in a bucket of an S3 server.

import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type { ByteRange, Objects } from "../../actors/file/objects.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { S3Config } from "../config/servers.ts";
import { checkObjectName, countBytes } from "./counted.ts";

/** What one put holds in memory, and the smallest part that S3 takes. A smaller object is one request. */
const partBytes = 5 * 1_024 * 1_024;
/** Two parts of one put may be under way: one is filled while the other is sent. */
const partsAtOnce = 2;

const connectTimeoutMs = 5_000;
/** A server that neither takes nor sends a byte for so long has failed. */
const silenceMs = 30_000;

export interface S3Objects extends Objects {
  probe(): Promise<string>;
  close(): void;
}

export function openS3Objects(config: S3Config): S3Objects {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = config;
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    // The bucket in the path: a name in front of the host would need a certificate and a DNS record per bucket.
    forcePathStyle: true,
    requestHandler: { connectionTimeout: connectTimeoutMs, socketTimeout: silenceMs },
    // Checksums in trailers are unknown to many servers that speak S3.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const objectOf = (name: string) => {
    checkObjectName(name);
    return { Bucket: bucket, Key: name };
  };

  return {
    async put(name, source, { mime, ...limits }) {
      const { bytes, facts } = countBytes(source, limits);
      const params = { ...objectOf(name), Body: Readable.from(bytes), ContentType: mime };
      // Ends the upload of its parts when the source or the server fails.
      await new Upload({ client, partSize: partBytes, queueSize: partsAtOnce, params }).done();
      return facts();
    },

    async get(name, range) {
      const answer = await orNotFound(
        client.send(new GetObjectCommand({ ...objectOf(name), Range: range && headerOf(range) })),
      );
      if (!answer?.Body) throw new DomainError("file.not_found");
      const whole = /\/(\d+)$/.exec(answer.ContentRange ?? "")?.[1] ?? answer.ContentLength;
      return { size: Number(whole), bytes: answer.Body as AsyncIterable<Uint8Array> };
    },

    async copy(from, to) {
      // The server takes a copy of at most 5 GiB in one request.
      const CopySource = `${bucket}/${encodeURIComponent(objectOf(from).Key).replaceAll("%2F", "/")}`;
      const copied = await orNotFound(client.send(new CopyObjectCommand({ ...objectOf(to), CopySource })));
      if (!copied) throw new DomainError("file.not_found");
    },

    async stat(name) {
      const head = await orNotFound(client.send(new HeadObjectCommand(objectOf(name))));
      return head && { size: Number(head.ContentLength) };
    },

    async delete(name) {
      const object = objectOf(name);
      // A host that died within a put has left parts that no listing of objects shows.
      const open = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: name }));
      for (const { Key, UploadId } of open.Uploads ?? []) {
        if (Key === name) await orNotFound(client.send(new AbortMultipartUploadCommand({ ...object, UploadId })));
      }
      await orNotFound(client.send(new DeleteObjectCommand(object)));
    },

    async probe() {
      await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, MaxUploads: 1 }));
      return `bucket ${bucket} answers`;
    },

    close: () => client.destroy(),
  };
}

function headerOf({ first, last }: ByteRange): string {
  return `bytes=${first}-${last ?? ""}`;
}

/** Undefined for an object, or an upload, that is not there. */
async function orNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
    if (name === "NoSuchKey" || name === "NotFound" || name === "NoSuchUpload") return undefined;
    if ($metadata?.httpStatusCode === 404 && name !== "NoSuchBucket") return undefined;
    throw error;
  }
}
