// Files of the messenger whose bytes lie in a bucket of an S3 server.
import { createHash, randomUUID } from "node:crypto";
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { eventually } from "../suites/eventually.ts";
import { FileClient, sha256Of } from "../support/file-client.ts";
import { needs } from "../support/needs.ts";
import { Person } from "../support/person.ts";
import { turnedPhoto } from "../support/pictures.ts";
import { startS3 } from "../support/stack.ts";
import { startTestNode } from "../support/start-node.ts";

const test = needs("s3");

test("files are uploaded whole, in parts and by a proof, read in ranges, and leave the bucket when they are deleted", async (t) => {
  const server = await startS3();
  t.teardown(() => server.close());
  const { url: endpoint, accessKey: accessKeyId, secretKey: secretAccessKey, region } = server;
  const bucket = `files-${randomUUID()}`;
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });
  t.teardown(() => client.destroy());
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const stored = async () => (await client.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount ?? 0;
  const env = {
    ...{ S3_ENDPOINT: endpoint, S3_REGION: region, S3_BUCKET: bucket },
    ...{ S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey },
  };
  await using node = await startTestNode({ env });
  const alice = new FileClient(node, await Person.registers(node, "alice"));
  const { posts, deletes } = {
    posts: <T>(path: string, body: object) => alice.person.posts<T>(path, body),
    deletes: (fileId: string) => alice.person.deletes(`/files/${fileId}`),
  };

  const photo = await turnedPhoto(6, 900, 400);
  const { data: picture, message } = await alice.uploads({ bytes: photo, type: "chat_image", name: "a.jpg" });
  t.is(picture?.sha256, sha256Of(photo), message);
  t.true((await alice.bytesOf(picture.url)).equals(photo));
  t.is((await alice.reads(picture.thumbnail)).headers.get("content-type"), "image/webp");
  t.deepEqual(
    Buffer.from(await (await alice.reads(picture.url, { range: "bytes=5-9" })).arrayBuffer()),
    photo.subarray(5, 10),
  );

  const bytes = Buffer.alloc(9 * 1_024 * 1_024, "parts of it ");
  const facts = { fileName: "big.bin", fileSize: bytes.length, type: "chat_file", sha256: sha256Of(bytes) };
  interface Begun {
    uploadId: string;
    chunkSize: number;
    proof: { nonce: string };
  }
  const { data: begun } = await posts<Begun>("/files/upload/init", facts);
  for (const index of [1, 0]) {
    const part = bytes.subarray(index * begun.chunkSize, (index + 1) * begun.chunkSize);
    const fields = { uploadId: begun.uploadId, chunkIndex: String(index) };
    t.is((await alice.sendsForm("/files/upload/part", fields, { bytes: part })).status, 200);
  }
  const whole = await posts<{ fileId: string; url: string }>("/files/upload/complete", { uploadId: begun.uploadId });
  t.like(whole.data, { sha256: sha256Of(bytes), status: "available" });
  t.true((await alice.bytesOf(whole.data.url)).equals(bytes));

  const { data: again } = await posts<Begun>("/files/upload/init", facts);
  const proof = createHash("sha256").update(Buffer.from(again.proof.nonce, "hex")).update(bytes).digest("hex");
  const proven = await posts<{ fileId: string }>("/files/upload/prove", { uploadId: again.uploadId, proof });
  t.like(proven.data, { sha256: sha256Of(bytes), status: "available" });
  await eventually(async () => (await stored()) === 3, 20_000); // the photo, its preview, and the bytes of both others
  for (const fileId of [picture.fileId, whole.data.fileId, proven.data.fileId])
    t.is((await deletes(fileId)).status, 200);
  await eventually(async () => (await stored()) === 0, 20_000);
});
