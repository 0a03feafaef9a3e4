// The bytes of a file to the server: in one request, or in parts when the file is large, each of which is tried again alone.
// The client's own calls are not used: they have a timeout and report no progress.
import type { UploadedFile } from "../../../client/api/objects.ts";
import { isRefusedForGood } from "../../../client/base/errors.ts";
import type { Client } from "../../../client/client.ts";
import { sendForm } from "../device/send-form.ts";

interface Begun {
  readonly uploadId: string;
  readonly chunkSize: number;
  readonly totalChunks: number;
}

/** Larger files go in parts. */
const maxWholeBytes = 16 * 1_024 * 1_024;
const maxTries = 4;
const pauseMs = 1_000;

interface UploadJob {
  readonly file: File;
  readonly type: string;
  readonly key: string;
  readonly signal: AbortSignal;
  progress(share: number): void;
}

export async function uploadFile(client: Client, job: UploadJob): Promise<UploadedFile> {
  if (job.file.size <= maxWholeBytes) return uploadWhole(client, job);
  const { file, type } = job;
  const { uploadId, chunkSize, totalChunks } = await client.session.call<Begun>("POST", "/files/upload/init", {
    ...{ fileName: file.name, fileSize: file.size, type },
    ...(file.type !== "" && { mimeType: file.type }),
  });
  for (let chunkIndex = 0; chunkIndex < totalChunks; chunkIndex += 1) {
    const bytes = file.slice(chunkIndex * chunkSize, (chunkIndex + 1) * chunkSize);
    const progress = (share: number) => job.progress((chunkIndex + share) / totalChunks);
    await patiently(() => uploadPart(client, { ...job, progress }, { uploadId, chunkIndex, bytes }));
  }
  return client.session.call<UploadedFile>("POST", "/files/upload/complete", { uploadId });
}

function uploadWhole(client: Client, { file, type, ...job }: UploadJob): Promise<UploadedFile> {
  const form = new FormData();
  form.set("type", type);
  form.set("file", file, file.name);
  return withToken(client, (token) => sendForm<UploadedFile>("/api/v1/files/upload", form, { ...job, token }));
}

interface Part {
  readonly uploadId: string;
  readonly chunkIndex: number;
  readonly bytes: Blob;
}

function uploadPart(client: Client, job: UploadJob, { uploadId, chunkIndex, bytes }: Part): Promise<unknown> {
  const form = new FormData();
  form.set("uploadId", uploadId);
  form.set("chunkIndex", String(chunkIndex));
  form.set("file", bytes);
  const { signal, progress } = job;
  const key = `${job.key}-${chunkIndex}`;
  return withToken(client, (token) => sendForm("/api/v1/files/upload/part", form, { key, signal, progress, token }));
}

/** A token that has run out is renewed once. */
export async function withToken<T>(client: Client, ask: (token: string | undefined) => Promise<T>): Promise<T> {
  const token = client.session.tokens?.accessToken;
  try {
    return await ask(token);
  } catch (error) {
    if (!isRefusedForGood(error) || error.status !== 401) throw error;
  }
  if (client.session.tokens?.accessToken === token) await client.session.renew();
  return ask(client.session.tokens?.accessToken);
}

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries === maxTries || isRefusedForGood(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs * tries));
  }
}
