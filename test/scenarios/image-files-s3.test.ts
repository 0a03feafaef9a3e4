// Pictures on a node whose objects lie on an S3 server.
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { Conversation } from "../../actors/conversation/contract.ts";
import { User } from "../../actors/user/contract.ts";
import { eventually } from "../suites/eventually.ts";
import { ImageClient } from "../support/image-client.ts";
import { needs } from "../support/needs.ts";
import { Person } from "../support/person.ts";
import { fourColours, quartersOf, turnedPhoto, uprightQuarters } from "../support/pictures.ts";
import { startS3 } from "../support/stack.ts";
import { startTestNode } from "../support/start-node.ts";

const test = needs("s3");

test("a picture is stored in the bucket, served in parts, and refused pictures leave nothing there", async (t) => {
  const s3 = await startS3();
  t.teardown(() => s3.close());
  const { url, bucket, region, accessKey, secretKey } = s3;
  await using node = await startTestNode({
    env: {
      ...{ S3_ENDPOINT: url, S3_BUCKET: bucket, S3_REGION: region },
      ...{ S3_ACCESS_KEY_ID: accessKey, S3_SECRET_ACCESS_KEY: secretKey },
    },
  });
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const client = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true });
  t.teardown(() => client.destroy());
  const keys = async () =>
    (await client.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents?.map(({ Key }) => Key) ?? [];

  const alice = await Person.registers(node, "alice");
  const { actors } = node.node;
  const { groupId: sessionId } = await actors.get(User, alice.userId).newGroupId({});
  await actors.get(Conversation, `a_${sessionId}`).createChat({ ownerId: alice.userId, assistantId: "own" });
  const images = new ImageClient(node, alice.token);
  const { status, body } = await images.uploads([{ field: "image", bytes: await turnedPhoto(6) }], { sessionId });
  t.is(status, 200, JSON.stringify(body));
  // The bytes as they were uploaded go a moment after the answer.
  await eventually(async () => (await keys()).length === 2);
  t.deepEqual((await keys()).toSorted(), [`files/${body.id}/thumb`, `files/${body.id}/whole`]);
  const whole = Buffer.from(await (await fetch(body.path)).arrayBuffer());
  t.deepEqual(await quartersOf(whole), uprightQuarters);
  const part = await fetch(body.path, { headers: { range: "bytes=10-19" } });
  t.is(part.status, 206);
  t.deepEqual(Buffer.from(await part.arrayBuffer()), whole.subarray(10, 20));

  // Larger than one part of an upload.
  const large = await fourColours(3_000, 2_000).png({ compressionLevel: 0 }).toBuffer();
  t.true(large.length > 10_000_000);
  t.is((await images.uploads([{ field: "image", bytes: large }], { sessionId })).status, 200);
  t.is((await images.uploads([{ field: "image", bytes: Buffer.alloc(12_000_000, 1) }], { sessionId })).status, 415);
  await eventually(async () => (await keys()).length === 4);

  const ready = (await (await fetch(`http://127.0.0.1:${node.port}/ready`)).json()) as {
    parts: Record<string, unknown>;
  };
  t.deepEqual(ready.parts.s3, { ok: true, detail: `bucket ${bucket} answers` });
});
