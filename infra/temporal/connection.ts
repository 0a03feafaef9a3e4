// One connection of this host to Temporal, for its client. The worker has its own, in native code.
// O1: opening never waits: a host starts while Temporal is away.
// O2: a call to a server that is away fails within `requestTimeoutMs`, and works again at most `reconnectMs` after it is back.
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
  /** Workers and clients of one system meet on it. */
  taskQueue: string;
  tls?: ConnectionOptions["tls"];
  apiKey?: string;
}

/** O2: grpc waits this long between attempts to connect. */
const reconnectMs = 500;
/** One quick repetition hides a connection that was just cut; what lasts longer is told to the caller. */
const requestAttempts = 2;

export interface TemporalConnection {
  readonly client: Client;
  /** Runs requests that may take `timeoutMs` together. */
  within<T>(timeoutMs: number, work: (client: Client) => Promise<T>): Promise<T>;
  /** What the server says of itself. Throws when it is away. */
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
