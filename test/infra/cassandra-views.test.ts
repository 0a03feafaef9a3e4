import { type CassandraViews, openCassandraViews } from "../../infra/cassandra/views.ts";
import { readersSuite } from "../suites/readers.ts";
import { usageSuite } from "../suites/usage.ts";
import { type PersistentViews, persistentViewsSuite, viewsSuite } from "../suites/views.ts";
import { dropKeyspace, freshKeyspace } from "../support/cassandra-keyspace.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent-log.ts";
import { useCassandra } from "../support/stack.ts";
import { tenantOf } from "../support/tenant.ts";

const test = needs("cassandra");

const keyspace = freshKeyspace("views");
let tenants = 0;
const stores: CassandraViews[] = [];

async function openStore(): Promise<CassandraViews> {
  const address = await useCassandra();
  return openCassandraViews({ ...address, keyspace, replicas: 1, storeId: "one", log: silentLog });
}

/** All tests of this file share a keyspace, because creating ten tables takes seconds; each test has ids of its own. */
async function makeViews(): Promise<PersistentViews> {
  tenants += 1;
  const name = tenants;
  const [shared = await openStore()] = stores;
  let own: CassandraViews | undefined;
  return {
    store: tenantOf(shared, name),
    async reopen() {
      own = await openStore();
      return tenantOf(own, name);
    },
    async close() {
      await own?.close();
    },
  };
}

test.before(async () => {
  stores.push(await openStore());
});
test.after.always(async () => {
  for (const store of stores) await store.close();
  await dropKeyspace(keyspace);
});

viewsSuite(test, "cassandra views", makeViews);
persistentViewsSuite(test, "cassandra views", makeViews);
readersSuite(test, "cassandra readers", makeViews);
usageSuite(test, "cassandra usage", makeViews);
