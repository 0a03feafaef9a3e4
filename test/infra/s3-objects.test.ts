import { randomUUID } from "node:crypto";
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { openS3Objects } from "../../infra/objects/s3.ts";
import { objectsSuite } from "../suites/objects.ts";
import { needs } from "../support/needs.ts";
import { startS3 } from "../support/stack.ts";

const test = needs("s3");
let server: Awaited<ReturnType<typeof startS3>>;
test.before(async () => {
  server = await startS3();
});
test.after.always(() => server?.close());

objectsSuite(test, "s3", async () => {
  const { objects, stored, close } = await openBucket();
  // This server keeps an object as a file under its name.
  return { objects, stored, close, unusable: /(^|\/)(\.\.?)?(\/|$)|^a\/b$/ };
});

test("the parts that a killed host left of a put go with the delete of its name", async (t) => {
  const { objects, client, bucket, stored, close } = await openBucket();
  t.teardown(close);
  for (const Key of ["one", "one more"]) {
    await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
  }
  t.is(await stored(), 2);
  await objects.delete("one");
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  t.deepEqual(
    Uploads.map(({ Key }) => Key),
    ["one more"],
  );
});

test("a bucket that is not there is an error of the store, and not a missing file", async (t) => {
  const objects = openS3Objects(configOf("no-such-bucket"));
  t.teardown(() => objects.close());
  await t.throwsAsync(objects.get("one"), { name: "NoSuchBucket" });
  await t.throwsAsync(objects.probe(), { name: "NoSuchBucket" });
});

function configOf(bucket: string) {
  const { url, accessKey, secretKey, region } = server;
  return { endpoint: url, region, bucket, accessKeyId: accessKey, secretAccessKey: secretKey };
}

async function openBucket() {
  const bucket = `test-${randomUUID()}`;
  const { endpoint, region, ...credentials } = configOf(bucket);
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const objects = openS3Objects(configOf(bucket));
  return {
    objects,
    client,
    bucket,
    async stored() {
      const { KeyCount = 0 } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return KeyCount + Uploads.length;
    },
    async close() {
      objects.close();
      client.destroy();
    },
  };
}
