// The load of a fault run: six users with two devices each, on all gateways, who send, edit, recall and read without pause.
// They have six conversations of two, a group of three and a group of six.
import type { DeviceType } from "../../gateway/client/api/session.ts";
import { Device, type Gateway } from "./device.ts";
import { Membership } from "./membership.ts";
import { type RestPlace, requestData } from "./rest.ts";

export interface LoadUser {
  readonly userId: string;
  readonly token: string;
}
export interface LoadConversation {
  readonly id: string;
  /** Indexes of people. */
  readonly members: readonly number[];
}
interface LoadOptions {
  gateways(): readonly { readonly name: string; readonly port: number }[];
  random(): number;
  /** See DeviceOptions. */
  readonly silenceMs?: number;
  readonly reconnectMs?: number;
  trace?(device: string): (line: string) => void;
  /** Pause between two actions of the load. */
  readonly pauseMs: number;
}

const people = 6;
const pairs = [
  [0, 1],
  [2, 3],
  [4, 5],
  [0, 3],
  [1, 4],
  [2, 5],
] as const;
const pendingMax = 20;
const connectTimeoutMs = 30_000;

export class ChatLoad {
  readonly persons: LoadUser[] = [];
  readonly devices: Device[] = [];
  readonly conversations: LoadConversation[] = [];
  /** One per group: the member who is removed and added again. */
  readonly memberships: Membership[] = [];
  #options: LoadOptions;
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;

  private constructor(options: LoadOptions) {
    this.#options = options;
  }

  static async start(options: LoadOptions): Promise<ChatLoad> {
    const load = new ChatLoad(options);
    await load.#register();
    await load.#befriend();
    for (const device of load.devices) device.connect();
    const endMs = performance.now() + connectTimeoutMs;
    while (!load.devices.every(({ isOpen }) => isOpen)) {
      if (performance.now() > endMs) throw new Error("not every device is connected");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return load;
  }

  get place(): RestPlace {
    const { gateways, random } = this.#options;
    return { ports: () => gateways().map(({ port }) => port), random };
  }
  get acked(): number {
    return this.devices.reduce((sum, { acked }) => sum + acked.length, 0);
  }
  get sent(): number {
    return this.devices.reduce((sum, { sent }) => sum + sent.length, 0);
  }

  /** The devices act until `stopSending`. */
  startSending(): void {
    this.#timer ??= setInterval(() => this.#act(), this.#options.pauseMs);
    for (const membership of this.memberships) membership.start();
  }

  /** No new action begins. Resolves when every removed member was added again. */
  async stopSending(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await Promise.all(this.memberships.map((membership) => membership.stop()));
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const membership of this.memberships) void membership.stop();
    for (const device of this.devices) device.stop();
  }

  /** The time from `sinceMs` to the first ack of a send that began after `sinceMs`. Undefined: there was none yet. */
  writableAfter(conversationId: string, sinceMs: number): number | undefined {
    let first = Number.POSITIVE_INFINITY;
    for (const { acked } of this.devices) {
      for (let i = acked.length - 1; i >= 0; i -= 1) {
        const ack = acked[i];
        if (!ack || ack.ackedMs < sinceMs) break;
        if (ack.conversationId === conversationId && ack.sentMs >= sinceMs) first = Math.min(first, ack.ackedMs);
      }
    }
    return Number.isFinite(first) ? first - sinceMs : undefined;
  }

  /** The longest wait of a send for its ack, of acks that came after `sinceMs`. */
  slowestSend(sinceMs: number): number {
    const waits = this.devices.flatMap(({ acked }) =>
      acked
        .filter(({ ackedMs }) => ackedMs >= sinceMs)
        .map(({ sentMs, ackedMs }) => ackedMs - Math.max(sentMs, sinceMs)),
    );
    return Math.max(0, ...waits);
  }

  /** The highest acknowledged seq of a conversation. */
  newestAck(conversationId: string): number {
    const seqs = this.devices.flatMap(({ acked }) =>
      acked.filter((ack) => ack.conversationId === conversationId).map(({ seq }) => seq),
    );
    return Math.max(0, ...seqs);
  }

  async #register(): Promise<void> {
    const phones: { token: string; deviceId: string }[] = [];
    const desks: { token: string; deviceId: string }[] = [];
    const run = `${process.pid}-${Math.floor(this.#options.random() * 1e9)}`;
    for (let i = 0; i < people; i += 1) {
      const account = `load-${run}-${i}@example.test`;
      const password = "Passw0rd1";
      const desk = { deviceType: "PC", deviceId: `pc-${i}` };
      const phone = { deviceType: "iOS", deviceId: `phone-${i}` };
      const register = { email: account, password, verifyCode: "123456", nickname: `person ${i}`, ...desk };
      const made = await requestData<{ userId: string; accessToken: string }>(
        this.place,
        "POST",
        "/auth/register",
        undefined,
        register,
      );
      const login = await requestData<{ accessToken: string }>(this.place, "POST", "/auth/login", undefined, {
        account,
        password,
        ...phone,
      });
      this.persons.push({ userId: made.userId, token: made.accessToken });
      desks.push({ token: made.accessToken, deviceId: desk.deviceId });
      phones.push({ token: login.accessToken, deviceId: phone.deviceId });
    }
    for (const [deviceType, logins] of [
      ["PC", desks],
      ["iOS", phones],
    ] as const) {
      for (const [i, login] of logins.entries()) this.devices.push(this.#device(i, deviceType, login));
    }
  }

  #device(person: number, deviceType: DeviceType, { token, deviceId }: { token: string; deviceId: string }): Device {
    const at = this.devices.length;
    return new Device({
      name: deviceId,
      login: { userId: this.persons[person]?.userId ?? "", token, deviceType },
      silenceMs: this.#options.silenceMs,
      reconnectMs: this.#options.reconnectMs,
      trace: this.#options.trace?.(deviceId),
      gateway: (attempt): Gateway => {
        const gateways = this.#options.gateways();
        // At first the devices of one user are on different gateways; after a failure a device tries any of them.
        const index =
          attempt === 0 && this.#turn === 0 ? at + (deviceType === "PC" ? 0 : 1) : this.#below(gateways.length);
        const { name, port } = gateways[index % gateways.length] ?? { name: "none", port: 0 };
        return { name, url: `http://127.0.0.1:${port}` };
      },
      onMessage: (conversationId, clientMsgId) => {
        for (const membership of this.memberships) membership.sees(person, deviceId, conversationId, clientMsgId);
      },
    });
  }

  async #befriend(): Promise<void> {
    const [owner] = this.persons;
    if (!owner) throw new Error("nobody is there");
    for (const [a, b] of pairs) {
      const [one, other] = [this.persons[a], this.persons[b]];
      if (!one || !other) continue;
      const body = { userId: other.userId, message: "", source: "search" };
      const { requestId } = await requestData<{ requestId: string }>(
        this.place,
        "POST",
        "/friends/requests",
        one.token,
        body,
      );
      await requestData(this.place, "PUT", `/friends/requests/${requestId}`, other.token, { action: "accept" });
      const [low, high] = [one.userId, other.userId].sort((x, y) => Number(x) - Number(y));
      this.conversations.push({ id: `s_${low}_${high}`, members: [a, b] });
    }
    for (const members of [
      [0, 1, 2],
      [0, 1, 2, 3, 4, 5],
    ]) {
      const memberIds = members.slice(1).map((i) => this.persons[i]?.userId);
      const group = { name: `load of ${members.length}`, memberIds };
      const { groupId } = await requestData<{ groupId: string }>(this.place, "POST", "/groups", owner.token, group);
      const id = `g_${groupId}`;
      this.conversations.push({ id, members });
      const guest = members.at(-1) ?? 0;
      const { userId = "" } = this.persons[guest] ?? {};
      const sentMs = (msgId: string) => this.#sentMs(msgId);
      this.memberships.push(new Membership({ place: this.place, owner, conversationId: id, guest, userId, sentMs }));
    }
  }

  #sentMs(msgId: string): number | undefined {
    for (const { sent } of this.devices) {
      const found = sent.findLast((each) => each.msgId === msgId);
      if (found) return found.sentMs;
    }
    return undefined;
  }

  #act(): void {
    this.#turn += 1;
    const device = this.devices[this.#below(this.devices.length)];
    if (!device) return;
    const person = this.persons.findIndex(({ userId }) => userId === device.userId);
    const mine = this.conversations.filter(({ members }) => members.includes(person));
    const conversation = mine[this.#below(mine.length)];
    if (!conversation) return;
    const draw = this.#options.random();
    if (draw < 0.8) {
      if (device.pendingCount < pendingMax) device.send(conversation.id);
    } else if (draw < 0.87) device.change("MESSAGE_RECALL");
    else if (draw < 0.94) device.change("MESSAGE_EDIT");
    else device.read(conversation.id);
  }

  #below(n: number): number {
    return Math.floor(this.#options.random() * n);
  }
}
