// The users of a benchmark: registers them and makes them friends over REST, and connects them with light sockets.
import { Agent, request } from "node:http";
import { type LiteSocket, openLiteSocket } from "./lite-socket.ts";

export interface BenchUser {
  userId: string;
  token: string;
  deviceId: string;
}
export interface Place {
  /** Ports of the gateways; users and sockets are spread over them. */
  ports: readonly number[];
  /** Part of the users' e-mail addresses, different in each run. */
  run: string;
}

/** The gateway of the `at`th user or request. */
export function portOf({ ports }: Place, at = 0): number {
  const port = ports[at % ports.length];
  if (port === undefined) throw new Error("no gateway was named");
  return port;
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

export function callRest<T>(port: number, method: string, path: string, token?: string, body?: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string> = { ...(token && { authorization: `Bearer ${token}` }) };
    if (text !== undefined)
      Object.assign(headers, { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) });
    const outgoing = request({ port, host: "127.0.0.1", method, path: `/api/v1${path}`, agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject); // the connection broke within the answer
      answer.on("end", () => {
        const envelope = JSON.parse(Buffer.concat(chunks).toString()) as { code: number; message: string; data: T };
        if (envelope.code === 0) resolve(envelope.data);
        else reject(new Error(`${method} ${path}: ${envelope.code} ${envelope.message}`));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(text);
  });
}

/** Runs `task` for all items, `width` at a time; the results are in order. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  task: (item: T, i: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await task(items[i]!, i);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}

export function registerUsers(place: Place, count: number): Promise<BenchUser[]> {
  return inParallel(Array.from({ length: count }), 16, async (_, i) => {
    const deviceId = `bench-${i}`;
    const user = await callRest<{ userId: string; accessToken: string }>(
      portOf(place, i),
      "POST",
      "/auth/register",
      undefined,
      {
        email: `${place.run}-${i}@example.test`,
        password: "Passw0rd1",
        verifyCode: "123456",
        nickname: `user ${i}`,
        deviceType: "PC",
        deviceId,
      },
    );
    return { userId: user.userId, token: user.accessToken, deviceId };
  });
}

export async function befriend(place: Place, a: BenchUser, b: BenchUser): Promise<string> {
  const asked = await callRest<{ requestId: string }>(portOf(place), "POST", "/friends/requests", a.token, {
    userId: b.userId,
    message: "",
    source: "search",
  });
  await callRest(portOf(place), "PUT", `/friends/requests/${asked.requestId}`, b.token, { action: "accept" });
  return pairOf(a, b);
}

export function pairOf(a: BenchUser, b: BenchUser): string {
  return Number(a.userId) < Number(b.userId) ? `s_${a.userId}_${b.userId}` : `s_${b.userId}_${a.userId}`;
}

/** Creates a group of all users; the first user is the owner. */
export async function createGroup(place: Place, users: readonly BenchUser[]): Promise<string> {
  const [owner, ...others] = users;
  const ids = others.map(({ userId }) => userId);
  const first = ids.splice(0, 200);
  const group = await callRest<{ groupId: string }>(portOf(place), "POST", "/groups", owner!.token, {
    name: "bench",
    memberIds: first,
  });
  while (ids.length > 0) {
    await callRest(portOf(place), "POST", `/groups/${group.groupId}/members`, owner!.token, {
      memberIds: ids.splice(0, 200),
    });
  }
  return `g_${group.groupId}`;
}

/** Connects a user to the `at`th gateway; resolves after CONNECT_ACK. */
export async function connectUser(place: Place, user: BenchUser, query = "", at = 0): Promise<LiteSocket> {
  const path = `/ws?token=${user.token}&deviceId=${user.deviceId}&platform=PC${query}`;
  const socket = await openLiteSocket(portOf(place, at), path);
  await new Promise<void>((resolve, reject) => {
    socket.onClose = (code) => reject(new Error(`closed with ${code} while connecting`));
    socket.onFrame = (payload) => {
      if (payload.includes('"CONNECT_ACK"')) resolve();
      else if (payload.includes('"CONNECT_ERROR"')) reject(new Error(payload.toString()));
    };
  });
  socket.onFrame = () => {};
  socket.onClose = () => {};
  return socket;
}
