// The connection pool, with all its time-outs and limits, and the sessions that send statements.
//
// client/idempotent: every statement of the views may be executed twice (schema/write-time), so the driver may repeat it at
//     another server.
// client/time-outs: a request has `requestTimeoutMs` per server, is tried at `hostTriesMax` servers at most, and is given up
//     after `answerMsMax` in any case, also when the driver forgets it.
// client/turns: reads for callers take turns (read-turns.ts). The projector's writes and reads have a session without turns,
//     so that no caller delays them.
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
  /** Connects with TLS and checks the server's certificate against the system's authorities. */
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
/** A read that takes longer is sent to a second replica, too. */
const speculativeAfterMs = 400;
const requestsPerConnection = 1_024;
const readTurns = { atOnce: 512, waitingMax: 4_096, answerMsMax } as const;
/** Rows in one page of a range. */
const pageRows = 500;

/** Repeats a statement at the next server after any failure (client/idempotent). */
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

/** A change of the schema takes seconds at a node that has just started. */
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

/** Sends statements of the views. Its errors are StorageErrors that name the hosts and the reason of each. */
export interface Session {
  readonly client: cassandra.Client;
  write(statements: readonly Statement[], routing: Buffer | undefined): Promise<void>;
  /** All rows in one answer. The caller's query must bound their number. */
  rows(query: string, params: Buffer[]): Promise<cassandra.types.Row[]>;
  /** The rows of a range, page by page; a page is read when the caller asks for it. */
  pages(query: string, params: Buffer[], fetchSize?: number): AsyncGenerator<cassandra.types.Row[]>;
}

export function createSession(client: cassandra.Client, limitMs = answerMsMax, turns?: ReadTurns): Session {
  const createError = () => new Error(`no answer within ${limitMs} ms`);
  const inTime = <T>(answer: Promise<T>): Promise<T> => withTimeout(processTimer, limitMs, answer, createError);
  const inTurn: ReadTurns = turns ?? ((ask) => ask());
  const read = async (query: string, params: Buffer[], options: cassandra.QueryOptions) => {
    try {
      return await inTurn(() => inTime(client.execute(query, params, { prepare: true, ...options })));
    } catch (cause) {
      throw failure("Cassandra did not answer a read", cause);
    }
  };
  return {
    client,
    async write(statements, routing) {
      try {
        const [only] = statements;
        // A single statement is sent without a batch, because the server's limit for batches does not apply to it.
        const answer: Promise<unknown> =
          statements.length === 1 && only
            ? client.execute(only.query, only.params, { prepare: true })
            : client.batch(statements as Statement[], { prepare: true, logged: false, routingKey: routing });
        await inTime(answer);
      } catch (cause) {
        throw failure("Cassandra did not accept a write", cause);
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

/** For reads of callers (client/turns). */
export function createCallersSession(client: cassandra.Client): Session {
  return createSession(client, answerMsMax, createReadTurns(readTurns));
}

export function failure(what: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  // The driver's error holds the error of each host.
  const inner = cause instanceof Error && "innerErrors" in cause ? Object.entries(cause.innerErrors as object) : [];
  const hosts = inner.map(([host, error]) => `${host}: ${error}`).join("; ");
  const why = hosts || (cause instanceof Error ? cause.message : String(cause));
  return new StorageError("failed", `${what}: ${why}`, { cause });
}
