// One connection pool, with every time-out and bound named; and the two ways a statement goes out.
// C1: every statement of the views is idempotent (T1 of schema.ts), so the driver may try it again at another host.
// C2: nothing waits for ever: a request ends within `requestTimeoutMs` a host, is tried at most `hostTriesMax` times, and is
//     given up after `answerMsMax` whatever the driver makes of it.
// C3: reads of callers have turns (read-turns.ts); what the projector needs waits for none of them.
import cassandra from "cassandra-driver";
import { withTimeout } from "../../actors/shared/with-timeout.ts";
import { processTimer } from "../system/clock.ts";
import { StorageError } from "../views/storage-error.ts";
import { createReadTurns, type ReadTurns } from "./read-turns.ts";

const { Client, policies, types } = cassandra;

export interface CassandraAddress {
  /** `host:port`. */
  readonly contactPoints: readonly string[];
  readonly dataCenter: string;
  readonly username?: string;
  readonly password?: string;
  /** Its certificate is checked against the system's authorities. */
  readonly tls?: boolean;
}

export interface Statement {
  readonly query: string;
  readonly params: Buffer[];
}

const requestTimeoutMs = 4_000;
const connectTimeoutMs = 5_000;
const heartbeatMs = 5_000;
const hostTriesMax = 2;
const answerMsMax = 10_000;
/** A read that is slower than this is asked of a second replica, too. */
const speculativeAfterMs = 400;
const requestsPerConnection = 1_024;
const readTurns = { atOnce: 512, waitingMax: 4_096, answerMsMax } as const;
/** Rows of one answer of a range; the next ones follow when they are wanted. */
const pageRows = 500;

/** Tried again at the next host, whatever failed, as everything may be done twice (C1). */
class BoundedRetry extends policies.retry.RetryPolicy {
  override onReadTimeout = (info: OperationInfo) => this.#again(info);
  override onWriteTimeout = (info: OperationInfo) => this.#again(info);
  override onUnavailable = (info: OperationInfo) => this.#again(info);
  override onRequestError = (info: OperationInfo) => this.#again(info);

  #again({ nbRetry, executionOptions }: OperationInfo) {
    if (nbRetry + 1 >= hostTriesMax) return this.rethrowResult();
    return this.retryResult(executionOptions.getConsistency(), false);
  }
}
type OperationInfo = cassandra.policies.retry.OperationInfo;

const { ConstantSpeculativeExecutionPolicy, NoSpeculativeExecutionPolicy } = policies.speculativeExecution;
class SpeculativeReads extends ConstantSpeculativeExecutionPolicy {
  #none = new NoSpeculativeExecutionPolicy();
  override newPlan(keyspace: string, queryInfo: string | object[]) {
    const isRead = typeof queryInfo === "string" && queryInfo.startsWith("SELECT");
    return isRead ? super.newPlan(keyspace, queryInfo) : this.#none.newPlan(keyspace, queryInfo);
  }
}

/** A change of the schema takes a node that has just started seconds. */
export const schemaTimeoutMs = 30_000;

export function createClient(
  address: CassandraAddress,
  keyspace?: string,
  readTimeout = requestTimeoutMs,
): cassandra.Client {
  const { contactPoints, dataCenter, username, password, tls } = address;
  return new Client({
    contactPoints: [...contactPoints],
    localDataCenter: dataCenter,
    ...(keyspace !== undefined && { keyspace }),
    ...(username !== undefined && { credentials: { username, password: password ?? "" } }),
    ...(tls && { sslOptions: { rejectUnauthorized: true } }),
    policies: { retry: new BoundedRetry(), speculativeExecution: new SpeculativeReads(speculativeAfterMs, 1) },
    pooling: {
      coreConnectionsPerHost: { [types.distance.local]: 1, [types.distance.remote]: 0 },
      maxRequestsPerConnection: requestsPerConnection,
      heartBeatInterval: heartbeatMs,
    },
    socketOptions: { connectTimeout: connectTimeoutMs, readTimeout },
    queryOptions: { consistency: types.consistencies.localQuorum, prepare: true, isIdempotent: true },
    encoding: { useBigIntAsLong: true },
  });
}

/** Statements of the views; errors are StorageErrors that say what was asked of whom. */
export interface Session {
  readonly client: cassandra.Client;
  write(statements: readonly Statement[], routing: Buffer | undefined): Promise<void>;
  /** All rows of one answer, which the caller bounds. */
  rows(query: string, params: Buffer[]): Promise<cassandra.types.Row[]>;
  /** Rows of a range, a page after the other, as far as the caller goes. */
  pages(query: string, params: Buffer[], fetchSize?: number): AsyncGenerator<cassandra.types.Row[]>;
}

export function createSession(client: cassandra.Client, limitMs = answerMsMax, turns?: ReadTurns): Session {
  const createError = () => new Error(`no answer within ${limitMs} ms`);
  const answered = <T>(asked: Promise<T>): Promise<T> => withTimeout(processTimer, limitMs, asked, createError);
  const inTurn: ReadTurns = turns ?? ((ask) => ask());
  const read = async (query: string, params: Buffer[], options: cassandra.QueryOptions) => {
    try {
      return await inTurn(() => answered(client.execute(query, params, { prepare: true, ...options })));
    } catch (cause) {
      throw failure("Cassandra did not answer a read", cause);
    }
  };
  return {
    client,
    async write(statements, routing) {
      try {
        const [only] = statements;
        // A row above the server's limit of a batch is none alone.
        const asked: Promise<unknown> =
          statements.length === 1 && only
            ? client.execute(only.query, only.params, { prepare: true })
            : client.batch(statements as Statement[], { prepare: true, logged: false, routingKey: routing });
        await answered(asked);
      } catch (cause) {
        throw failure("Cassandra did not take a write", cause);
      }
    },
    async rows(query, params) {
      return (await read(query, params, { fetchSize: 0 })).rows;
    },
    async *pages(query, params, fetchSize = pageRows) {
      let pageState: string | undefined;
      do {
        const answer = await read(query, params, { fetchSize, ...(pageState && { pageState }) });
        if (answer.rows.length > 0) yield answer.rows;
        pageState = answer.pageState ?? undefined;
      } while (pageState);
    },
  };
}

/** C3 */
export function createCallersSession(client: cassandra.Client): Session {
  return createSession(client, answerMsMax, createReadTurns(readTurns));
}

export function failure(what: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  // The driver's own text names the hosts and why each failed.
  const inner = cause instanceof Error && "innerErrors" in cause ? Object.entries(cause.innerErrors as object) : [];
  const hosts = inner.map(([host, error]) => `${host}: ${error}`).join("; ");
  const why = hosts || (cause instanceof Error ? cause.message : String(cause));
  return new StorageError("failed", `${what}: ${why}`, { cause });
}
