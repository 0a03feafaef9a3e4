// A program that subscribes to the notifications of users on NATS beside a cluster: which it gets, and in which form.
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { connect, type NatsConnection } from "nats";
import { notificationTypes } from "../../actors/shared/notification.ts";
import { startTestCluster, type TestCluster } from "../support/cluster-people.ts";
import { EventCast, eventNames, eventStepsEnv, runEventSteps } from "../support/event-steps.ts";
import { needs } from "../support/needs.ts";
import { misfits, type Shape } from "../support/shape.ts";
import { startS3 } from "../support/stack.ts";

const test = needs("cassandra", "nats", "redis", "s3");
const bucket = "events";
let s3: Awaited<ReturnType<typeof startS3>>;
let cluster: TestCluster;
let subscriber: NatsConnection;
test.before(async () => {
  s3 = await startS3();
  const { url: endpoint, accessKey: accessKeyId, secretKey: secretAccessKey, region } = s3;
  const client = new S3Client({
    ...{ endpoint, region, forcePathStyle: true },
    credentials: { accessKeyId, secretAccessKey },
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  cluster = await startTestCluster({
    hosts: { one: ["actors"], east: ["gateway"], west: ["gateway", "actors"] },
    env: {
      ...eventStepsEnv,
      ...{ S3_ENDPOINT: endpoint, S3_REGION: region, S3_BUCKET: bucket },
      ...{ S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey },
    },
  });
  subscriber = await connect({ servers: cluster.nats.urls });
});
test.after.always(async () => {
  await subscriber?.close();
  await cluster?.close();
  await s3?.close();
});

interface Published {
  readonly subject: string;
  readonly json: {
    readonly type: string;
    readonly from_user_id?: string;
    readonly to_user_id: string;
    readonly priority: string;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly metadata: { readonly ttl: number; readonly require_ack: boolean };
  };
}

const documented: Shape = {
  ...{ notification_id: "string", type: "string", timestamp: "time", to_user_id: "string" },
  ...{ priority: ["high", "normal", "low"], payload: "object" },
  metadata: { fields: { ttl: "number", require_ack: "boolean" } },
};

/** Everything that is published from now on under `notification.*.*.{userId}`, oldest first. */
async function subscribes(userId: string): Promise<Published[]> {
  const published: Published[] = [];
  const callback = (_: Error | null, message: { subject: string; json<T>(): T }) =>
    void published.push({ subject: message.subject, json: message.json() });
  subscriber.subscribe(`notification.*.*.${userId}`, { callback });
  await subscriber.flush();
  return published;
}

test("under notification.*.*.{user_id} stand the events of that user, in the documented JSON, and of no other user", async (t) => {
  const [east, west] = [cluster.host("east"), cluster.host("west")];
  const cast = await EventCast.starts({ ana: east, bo: west, cy: east, eve: west });
  const { people } = cast;
  const idOf = (name: (typeof eventNames)[number]) => people[name].userId;
  const heard = Object.fromEntries(
    await Promise.all(eventNames.map(async (name) => [name, await subscribes(idOf(name))] as const)),
  );
  await runEventSteps(t, cast.steps(), {
    countOf: (name, event, fits) => heard[name]!.filter(({ json }) => json.type === event && fits(json.payload)).length,
    expects: ({ devices, subjects = devices }) => subjects,
    quietMs: 200,
  });
  for (const name of eventNames) {
    for (const { subject, json } of heard[name]!) {
      t.is(subject, `notification.${json.type}.${idOf(name)}`);
      t.deepEqual(misfits(json, documented), [], `${subject} ${JSON.stringify(json)}`);
      t.is(json.to_user_id, idOf(name), subject);
      t.is(json.priority, notificationTypes[json.type as keyof typeof notificationTypes].priority, subject);
    }
  }
  const [request] = heard.ana!.filter(({ json }) => json.type === "friend.request");
  t.like(request?.json, {
    ...{ type: "friend.request", from_user_id: idOf("cy"), to_user_id: idOf("ana"), priority: "high" },
    metadata: { require_ack: true },
  });
  t.like(request?.json.payload, { userId: idOf("cy"), message: "hi", status: "pending" });
});
