// Users and their devices, for tests in the words of a chat: alice.says(bob, "hello"), bob.sees("NEW_MESSAGE").
import { pairId } from "../../actors/shared/ids.ts";
import { TestDevice } from "./test-device.ts";
import { holdAnswer } from "./wire-check.ts";

export interface Envelope<T = Record<string, unknown>> {
  status: number;
  code: number;
  codeStr?: string;
  message: string;
  data: T;
}
let people = 0;

export async function callApi<T = Record<string, unknown>>(
  port: number,
  method: string,
  path: string,
  options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Envelope<T>> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
    method,
    headers: {
      ...(options.token && { authorization: `Bearer ${options.token}` }),
      ...(options.body !== undefined && { "content-type": "application/json" }),
      ...options.headers,
    },
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
  });
  const envelope = (await answer.json()) as Omit<Envelope<T>, "status">;
  holdAnswer(method, path, answer.status, envelope);
  return { status: answer.status, ...envelope };
}

export class Person {
  readonly name: string;
  readonly userId: string;
  readonly email: string;
  readonly password = "Passw0rd1";
  token: string;
  refreshToken: string;
  deviceId: string;
  readonly #port: () => number;
  #device: TestDevice | undefined;

  private constructor(
    name: string,
    port: () => number,
    email: string,
    made: Record<string, unknown>,
    deviceId: string,
  ) {
    this.name = name;
    this.#port = port;
    this.email = email;
    this.userId = String(made.userId);
    this.token = String(made.accessToken);
    this.refreshToken = String(made.refreshToken);
    this.deviceId = deviceId;
  }

  static async registers(at: { readonly port: number }, name: string): Promise<Person> {
    people += 1;
    const email = `${name}.${process.pid}.${people}@example.test`;
    const deviceId = `${name}-desk`;
    const body = { email, password: "Passw0rd1", verifyCode: "123456", nickname: name, deviceType: "PC", deviceId };
    const made = await callApi(at.port, "POST", "/auth/register", { body });
    if (made.code !== 0) throw new Error(`${name} cannot register: ${made.code} ${made.message}`);
    return new Person(name, () => at.port, email, made.data, deviceId);
  }

  /** The same user, device and tokens at another gateway, with a socket of its own. */
  at(place: { readonly port: number }): Person {
    const { userId, token: accessToken, refreshToken } = this;
    return new Person(this.name, () => place.port, this.email, { userId, accessToken, refreshToken }, this.deviceId);
  }

  /** The socket of the device with which the user registered; opened at the first use. */
  get device(): TestDevice {
    if (!this.#device) throw new Error(`${this.name} is not connected`);
    return this.#device;
  }

  async connects(query = ""): Promise<TestDevice> {
    this.#device = await this.opens({ token: this.token, deviceId: this.deviceId, platform: "PC", query });
    return this.#device;
  }
  /** Opens another socket; resolves after CONNECT_ACK. */
  async opens(way: { token: string; deviceId: string; platform: string; query?: string }): Promise<TestDevice> {
    const { token, deviceId, platform, query = "" } = way;
    const url = `ws://127.0.0.1:${this.#port()}/ws?token=${token}&deviceId=${deviceId}&platform=${platform}${query}`;
    const device = new TestDevice(url);
    await device.sees("CONNECT_ACK");
    return device;
  }
  async logsIn(
    deviceType: string,
    deviceId: string,
  ): Promise<{ token: string; refreshToken: string; deviceId: string; platform: string }> {
    const body = { account: this.email, password: this.password, deviceType, deviceId };
    const { data } = await this.posts("/auth/login", body);
    return { token: String(data.accessToken), refreshToken: String(data.refreshToken), deviceId, platform: deviceType };
  }

  calls<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Envelope<T>> {
    return callApi<T>(this.#port(), method, path, { token: this.token, body });
  }
  gets<T = Record<string, unknown>>(path: string): Promise<Envelope<T>> {
    return this.calls<T>("GET", path);
  }
  posts<T = Record<string, unknown>>(path: string, body: unknown = {}): Promise<Envelope<T>> {
    return this.calls<T>("POST", path, body);
  }
  puts<T = Record<string, unknown>>(path: string, body: unknown = {}): Promise<Envelope<T>> {
    return this.calls<T>("PUT", path, body);
  }
  deletes<T = Record<string, unknown>>(path: string): Promise<Envelope<T>> {
    return this.calls<T>("DELETE", path);
  }

  chatWith(other: Person): string {
    return pairId(this.userId, other.userId);
  }
  async befriends(other: Person): Promise<void> {
    const asked = await this.posts("/friends/requests", { userId: other.userId, message: "hi", source: "search" });
    if (asked.code !== 0) throw new Error(`${this.name} cannot ask ${other.name}: ${asked.code} ${asked.message}`);
    if (asked.data.status === "accepted") return;
    const answered = await other.puts(`/friends/requests/${asked.data.requestId}`, { action: "accept" });
    if (answered.code !== 0) throw new Error(`${other.name} cannot accept: ${answered.code} ${answered.message}`);
  }
  /** Sends a text over the socket; resolves with the data of SEND_ACK. */
  async says(where: Person | string, text: string, msgId?: string): Promise<Record<string, unknown>> {
    const sessionId = typeof where === "string" ? where : this.chatWith(where);
    const answer = await this.device.asks("SEND_MESSAGE", { sessionId, contentType: "text", content: text }, msgId);
    if (answer.type !== "SEND_ACK") throw new Error(`${this.name} cannot send: ${JSON.stringify(answer)}`);
    return answer.data;
  }
  /** A group that anybody may join. */
  async createsGroup(name: string, members: readonly Person[]): Promise<string> {
    const memberIds = members.map(({ userId }) => userId);
    const made = await this.posts("/groups", { name, memberIds, joinVerify: false });
    if (made.code !== 0) throw new Error(`${this.name} cannot create a group: ${made.code} ${made.message}`);
    return `g_${made.data.groupId}`;
  }
  async history(conversationId: string, query = ""): Promise<Record<string, unknown>[]> {
    const answer = await this.gets<{ messages: Record<string, unknown>[] }>(
      `/messages/history?sessionId=${conversationId}&limit=100${query}`,
    );
    if (answer.code !== 0) throw new Error(`${this.name} cannot read: ${answer.code} ${answer.message}`);
    return answer.data.messages;
  }
}
