// The connection of this host's Temporal client. (The worker has its own connection, in native code.) Opening never waits, so
// that a host can start while Temporal is unavailable. A request to an unavailable server fails within its time-out; requests
// work again at most `reconnectMs` after the server is back.
import {
  Client,
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from "@temporalio/client";

export interface TemporalOptions {
  /** host:port */
  address: string;
  namespace: string;
  /** The workers and clients of one system use the same task queue. */
  taskQueue: string;
  tls?: ConnectionOptions["tls"];
  apiKey?: string;
}

/** gRPC waits for this time between attempts to connect. */
const reconnectMs = 500;
/** One quick repetition hides a connection that was just cut; a longer failure is reported to the caller. */
const requestAttempts = 2;

export interface TemporalConnection {
  readonly client: Client;
  /** Runs `work`; all its requests together may take `timeoutMs`. */
  within<T>(timeoutMs: number, work: (client: Client) => Promise<T>): Promise<T>;
  /** The server's version and address. Throws when the server is unavailable. */
  probe(): Promise<string>;
  close(): Promise<void>;
}

export function openTemporal({ address, namespace, tls, apiKey }: TemporalOptions): TemporalConnection {
  const retries = defaultGrpcRetryOptions({ maxAttempts: requestAttempts, initialIntervalMs: () => 50 });
  const connection = Connection.lazy({
    address,
    tls,
    apiKey,
    interceptors: [makeGrpcRetryInterceptor(retries)],
    channelArgs: { "grpc.initial_reconnect_backoff_ms": reconnectMs, "grpc.max_reconnect_backoff_ms": reconnectMs },
  });
  const client = new Client({ connection, namespace });
  const within: TemporalConnection["within"] = (timeoutMs, work) =>
    connection.withDeadline(Date.now() + timeoutMs, () => work(client));
  return {
    client,
    within,
    probe: () =>
      within(2_000, async () => {
        const { serverVersion } = await connection.workflowService.getSystemInfo({});
        return `Temporal ${serverVersion} at ${address}`;
      }),
    close: () => connection.close(),
  };
}
