// Cassandra 5.0 on one machine: the jars come from Maven or from the official release, the configuration from
// cassandra-files.ts.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installOnce } from "./cache.ts";
import { cassandraYaml, javaOptions, logbackXml } from "./cassandra-files.ts";
import { fetchArchive } from "./download.ts";
import { isListening } from "./ports.ts";
import type { Program, ServerPlan, Toolbox } from "./server-kind.ts";
import { ask, findInPath, isExecutable, missing, runTool, ToolError } from "./tools.ts";

const cassandraVersion = "5.0.5";
/** The data centre name that SimpleSnitch reports. */
export const cassandraDataCenter = "datacenter1";
export const cassandraPortCount = 2;

// The Java versions that Cassandra 5.0 supports.
const javaVersions = ["17", "11"];
const installTimeoutMs = 10 * 60_000;
const startTimeoutMs = 180_000;
const queryTimeoutMs = 4_000;

/** The program is Java; its `args` set the class path. */
export async function obtainCassandra(tools: Toolbox): Promise<Program> {
  const java = await findJava(tools);
  const folder = await installOnce(`cassandra-${cassandraVersion}`, tools, async (fresh) => {
    const problem = await installByMaven(fresh, tools);
    if (!problem) return;
    const releaseProblem = await installRelease(fresh, tools);
    if (!releaseProblem) return;
    throw missing("cassandra", `${problem}, and ${releaseProblem}`, "install Maven");
  });
  return { command: java, args: ["-cp", join(folder, "lib", "*")], version: cassandraVersion, from: "cache" };
}

async function findJava({ env }: Toolbox): Promise<string> {
  const home = env.JAVA_HOME ? join(env.JAVA_HOME, "bin", "java") : undefined;
  const seen: string[] = [];
  for (const java of [home, findInPath("java", env)]) {
    if (!java || !isExecutable(java)) continue;
    const text = await ask(java, ["-version"]).catch((error: Error) => error.message);
    const version = /version "(\d+)/.exec(text)?.[1] ?? "unknown";
    if (javaVersions.includes(version)) return java;
    seen.push(`${java} has version ${version}`);
  }
  throw missing(
    "cassandra",
    seen.length > 0 ? seen.join(", ") : "Java is neither in PATH nor in JAVA_HOME",
    'install Java 17 (Debian: "apt-get install openjdk-17-jre-headless")',
  );
}

/** Resolves with the reason when the installation failed. */
async function installByMaven(folder: string, tools: Toolbox): Promise<string | undefined> {
  const maven = findInPath("mvn", tools.env);
  if (!maven) return "Maven is not in PATH";
  writeFileSync(join(folder, "pom.xml"), pom);
  const args = ["-B", "-q", "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=lib"];
  try {
    await runTool(`Getting Cassandra ${cassandraVersion}`, maven, args, {
      say: tools.say,
      cwd: folder,
      timeoutMs: installTimeoutMs,
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return error.message;
  }
}

/** Resolves with the reason when the installation failed. */
async function installRelease(folder: string, tools: Toolbox): Promise<string | undefined> {
  const name = `apache-cassandra-${cassandraVersion}`;
  const url = `https://archive.apache.org/dist/cassandra/${cassandraVersion}/${name}-bin.tar.gz`;
  try {
    await fetchArchive(`Downloading Cassandra ${cassandraVersion}`, url, folder, tools);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return error.message;
  }
  rmSync(join(folder, "lib"), { recursive: true, force: true });
  renameSync(join(folder, "release", name, "lib"), join(folder, "lib"));
  rmSync(join(folder, "release"), { recursive: true });
  return readdirSync(join(folder, "lib")).some((jar) => jar.endsWith(".jar")) ? undefined : `${url} contains no jar`;
}

/**
 * `use: "test"` starts fastest and does not wait for the disk when a schema changes. `use: "stack"` runs faster under load and
 * keeps acknowledged writes over a crash.
 */
export function planCassandra(
  program: Program,
  place: { dir: string; ports: readonly number[]; use: "test" | "stack" },
): ServerPlan {
  const [port = 0, storagePort = 0] = place.ports;
  const conf = join(place.dir, "conf");
  mkdirSync(conf, { recursive: true });
  writeFileSync(join(conf, "cassandra.yaml"), cassandraYaml({ dir: place.dir, port, storagePort }));
  writeFileSync(join(conf, "logback.xml"), logbackXml);
  return {
    name: "cassandra",
    command: program.command,
    args: [
      ...javaOptions({ dir: place.dir, conf, use: place.use }),
      ...(program.args ?? []),
      "org.apache.cassandra.service.CassandraDaemon",
    ],
    dir: place.dir,
    ports: [port, storagePort],
    async check() {
      // A TCP connect is cheaper than the driver, which is loaded and connected only when something listens.
      if (!(await isListening(port))) throw new Error(`nothing listens on port ${port}`);
      await checkCassandra({ contactPoints: [`127.0.0.1:${port}`], dataCenter: cassandraDataCenter });
    },
    startTimeoutMs,
  };
}

export interface CassandraAddress {
  /** `host:port`. */
  contactPoints: string[];
  dataCenter: string;
  username?: string;
  password?: string;
}

/** Throws when the server does not answer a CQL query. */
export async function checkCassandra(address: CassandraAddress): Promise<void> {
  // The driver is slow to load, and most importers of this file never check a server.
  const { default: cassandra } = await import("cassandra-driver");
  const client = new cassandra.Client({
    contactPoints: address.contactPoints,
    localDataCenter: address.dataCenter,
    credentials: address.username ? { username: address.username, password: address.password ?? "" } : undefined,
    socketOptions: { connectTimeout: queryTimeoutMs, readTimeout: queryTimeoutMs },
    pooling: { warmup: false },
  });
  try {
    await client.execute("SELECT release_version FROM system.local");
  } finally {
    await client.shutdown();
  }
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>parley</groupId>
  <artifactId>cassandra</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.cassandra</groupId>
      <artifactId>cassandra-all</artifactId>
      <version>${cassandraVersion}</version>
    </dependency>
  </dependencies>
</project>
`;
