// The configuration files of a local Cassandra: one small node that listens on 127.0.0.1 only.
import { join } from "node:path";

const heap = "1g";

export function cassandraYaml({ dir, port, storagePort }: { dir: string; port: number; storagePort: number }): string {
  const folder = (name: string) => JSON.stringify(join(dir, name));
  return `cluster_name: parley
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "127.0.0.1:${storagePort}"
auto_bootstrap: false
listen_address: 127.0.0.1
storage_port: ${storagePort}
rpc_address: 127.0.0.1
native_transport_port: ${port}
data_file_directories: [${folder("data")}]
commitlog_directory: ${folder("commitlog")}
hints_directory: ${folder("hints")}
saved_caches_directory: ${folder("saved_caches")}
cdc_raw_directory: ${folder("cdc_raw")}
# A power cut may lose the rows of the last 10 ms together with the marks written after them. The journal still has their commits.
commitlog_sync: periodic
commitlog_sync_period: 10ms
# One request of the projector writes many small partitions.
batch_size_warn_threshold: 256KiB
batch_size_fail_threshold: 1MiB
unlogged_batch_across_partitions_warn_threshold: 1000
commitlog_segment_size: 16MiB
# Snapshots of dropped and truncated tables would fill the disk.
auto_snapshot: false
materialized_views_enabled: false
storage_compatibility_mode: NONE
memtable:
  configurations:
    skiplist:
      class_name: SkipListMemtable
    trie:
      class_name: TrieMemtable
    default:
      inherits: trie
sstable:
  selected_format: bti
`;
}

export const logbackXml = `<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level [%thread] %logger{0}: %msg%n</pattern></encoder>
  </appender>
  <logger name="org.apache.cassandra.service.CassandraDaemon" level="INFO"/>
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
`;

export function javaOptions({ dir, conf, use }: { dir: string; conf: string; use: "test" | "stack" }): string[] {
  const forUse =
    use === "test"
      ? // The C1 compiler alone halves the CPU time of a start; unsafesystem skips the disk sync of each schema change.
        ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dcassandra.unsafesystem=true"]
      : ["-XX:+UseG1GC", "-XX:MaxGCPauseMillis=100"];
  return [
    ...forUse,
    `-Xms${heap}`,
    `-Xmx${heap}`,
    "-Xss512k",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djdk.attach.allowAttachSelf=true",
    `-Dcassandra.config=file://${join(conf, "cassandra.yaml")}`,
    `-Dcassandra.storagedir=${dir}`,
    `-Dlogback.configurationFile=${join(conf, "logback.xml")}`,
    "-Dcassandra-foreground=yes",
    // The ring has one node, so waiting for gossip from other nodes only delays the start.
    "-Dcassandra.ring_delay_ms=0",
    "-Dcassandra.skip_wait_for_gossip_to_settle=0",
    "-Dcassandra.superuser_setup_delay_ms=0",
    ...exports.flatMap((name) => ["--add-exports", `${name}=ALL-UNNAMED`]),
    ...opens.flatMap((name) => ["--add-opens", `${name}=ALL-UNNAMED`]),
  ];
}

// The same packages as in jvm17-server.options of the Cassandra release.
const exports = [
  "java.base/java.lang.ref",
  "java.base/jdk.internal.misc",
  "java.base/jdk.internal.ref",
  "java.base/sun.nio.ch",
  "java.management.rmi/com.sun.jmx.remote.internal.rmi",
  "java.rmi/sun.rmi.registry",
  "java.rmi/sun.rmi.server",
  "java.rmi/sun.rmi.transport.tcp",
  "java.sql/java.sql",
  "jdk.unsupported/sun.misc",
];
const opens = [
  "java.base/java.io",
  "java.base/java.lang",
  "java.base/java.lang.module",
  "java.base/java.lang.reflect",
  "java.base/java.nio",
  "java.base/java.util",
  "java.base/java.util.concurrent",
  "java.base/java.util.concurrent.atomic",
  "java.base/jdk.internal.loader",
  "java.base/jdk.internal.math",
  "java.base/jdk.internal.module",
  "java.base/jdk.internal.ref",
  "java.base/jdk.internal.reflect",
  "java.base/jdk.internal.util.jar",
  "java.base/sun.nio.ch",
  "java.rmi/sun.rmi.transport.tcp",
  "jdk.management/com.sun.management.internal",
];
