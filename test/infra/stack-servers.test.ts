// Each real server of the stack serves its client, and survives what the other tests do to it, such as kill and restart.
import { rmSync } from "node:fs";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Connection } from "@temporalio/client";
import cassandra from "cassandra-driver";
import { Redis } from "ioredis";
import { RoomServiceClient } from "livekit-server-sdk";
import { connect } from "nats";
import { eventually } from "../suites/eventually.ts";
import { needs } from "../support/needs.ts";
import { startLiveKit, startNats, startRedis, startS3, useCassandra, useTemporal } from "../support/stack.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const electionTimeoutMs = 60_000;
const test = needs("nats", "redis", "cassandra", "temporal", "livekit", "s3");

test("three NATS servers keep a stream when one of them is killed", async (t) => {
  const nats = await startNats({ servers: 3 });
  t.teardown(() => nats.close());
  const client = await connect({ servers: nats.urls });
  t.teardown(() => client.close());
  const manager = await jetstreamManager(client);
  await manager.streams.add({ name: "kept", subjects: ["kept.>"], num_replicas: 3 });
  await nats.servers[2]?.kill9();
  // The killed server may have been the leader: then the others elect a new one first.
  const js = jetstream(client);
  const publish = () => js.publish("kept.one", "1", { msgID: "1" }).then(Boolean, () => false);
  await eventually(publish, electionTimeoutMs);
  await nats.servers[2]?.restart();
  t.is((await manager.streams.info("kept")).state.messages, 1);
});

test("a NATS server in a folder of the test finds its stream again after it was closed", async (t) => {
  const dir = createTempFolder("stack-nats");
  t.teardown(() => rmSync(dir, { recursive: true }));
  const first = await startNats({ dir, syncAlways: true, maxStoreBytes: 64 * 2 ** 20 });
  t.teardown(() => first.close());
  const client = await connect({ servers: first.urls });
  await (await jetstreamManager(client)).streams.add({ name: "kept", subjects: ["kept.>"], max_bytes: 2 ** 20 });
  await jetstream(client).publish("kept.one", "1");
  await client.close();
  await first.servers[0]?.kill9();
  await first.close();
  const second = await startNats({ dir });
  t.teardown(() => second.close());
  const again = await connect({ servers: second.urls });
  t.teardown(() => again.close());
  t.is((await (await jetstreamManager(again)).streams.info("kept")).state.messages, 1);
});

test("Redis keeps its address across a restart", async (t) => {
  const server = await startRedis();
  t.teardown(() => server.close());
  await server.restart();
  const redis = new Redis(server.url);
  t.teardown(() => redis.disconnect());
  t.is(await redis.set("key", "value"), "OK");
});

test("Cassandra finds a row by a storage-attached index", async (t) => {
  const { contactPoints, dataCenter } = await useCassandra();
  const client = new cassandra.Client({ contactPoints, localDataCenter: dataCenter });
  t.teardown(() => client.shutdown());
  const keyspace = `stack_${process.pid}_${Math.random().toString(36).slice(2)}`;
  await client.execute(
    `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', '${dataCenter}': 1}`,
  );
  await client.execute(`CREATE TABLE ${keyspace}.messages (id int PRIMARY KEY, sender text)`);
  await client.execute(`CREATE INDEX ON ${keyspace}.messages (sender) USING 'sai'`);
  await client.execute(`INSERT INTO ${keyspace}.messages (id, sender) VALUES (7, 'alice')`);
  const found = await client.execute(`SELECT id FROM ${keyspace}.messages WHERE sender = 'alice'`);
  t.is(found.rows[0]?.id, 7);
  await client.execute(`DROP KEYSPACE ${keyspace}`);
});

test("Temporal has its default namespace and serves its UI", async (t) => {
  const { address, uiUrl } = await useTemporal();
  const connection = await Connection.connect({ address });
  t.teardown(() => connection.close());
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace: "default" });
  t.is(namespaceInfo?.name, "default");
  t.true((await fetch(uiUrl)).ok);
});

test("LiveKit creates a room for a client with its key", async (t) => {
  const server = await startLiveKit();
  t.teardown(() => server.close());
  const rooms = new RoomServiceClient(server.url.replace("ws", "http"), server.apiKey, server.apiSecret);
  const room = await rooms.createRoom({ name: "a-call" });
  t.is(room.name, "a-call");
});

test("S3 has a bucket and refuses an unsigned request", async (t) => {
  const server = await startS3();
  t.teardown(() => server.close());
  const answer = await fetch(`${server.url}/${server.bucket}/thing`);
  t.is(answer.status, 403);
  t.regex(await answer.text(), /<Code>AccessDenied<\/Code>/);
});
