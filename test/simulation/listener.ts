// A device on a socket: it receives and acknowledges frames, and connects to another gateway when its own is silent. It is not made of
// gateway/client: it judges the order of frames itself, and does what no client should, such as leaving sockets without a close.
import { type DeviceType, Session } from "../../actors/session/contract.ts";
import type { Caller } from "../../gateway/auth/authenticator.ts";
import { hostNames } from "./cast.ts";
import type { Checker } from "./checker.ts";
import type { Cluster } from "./cluster.ts";
import type { Prng } from "./prng.ts";
import type { ServerFrame, VirtualSocket } from "./virtual-socket.ts";

const lookEveryMs = 250;
/** Without a frame for so long the device takes its gateway to be gone. */
const silenceMs = 1_600;
const moveShare = 0.04;
const farFuture = 8.64e15;

export class Listener {
  readonly name: string;
  readonly userId: string;
  /** By conversation, the last version that this device received. */
  readonly versions = new Map<string, number>();
  readonly #cluster: Cluster;
  readonly #checker: Checker;
  readonly #random: Prng;
  readonly #deviceType: DeviceType;
  #caller: Caller | undefined;
  #socket: VirtualSocket | undefined;
  #receivedMs = 0;
  /** Sockets of this device, in the order of their CONNECT_ACKs. */
  #acknowledged: VirtualSocket[] = [];
  /** By conversation, the last version and message of the present socket; absent after a sync.request, which ends the order. */
  #orders = new Map<string, { version: number; said: { seq: number; version: number } }>();

  constructor(made: { name: string; userId: string; deviceType: DeviceType }, cluster: Cluster, checker: Checker) {
    this.name = made.name;
    this.userId = made.userId;
    this.#deviceType = made.deviceType;
    this.#cluster = cluster;
    this.#checker = checker;
    this.#random = cluster.world.random.fork();
  }

  async logIn(): Promise<void> {
    const { userId, name: deviceId } = this;
    const deviceType = this.#deviceType;
    const session = this.#cluster.find("h1")!.actors.get(Session, userId);
    const { loginId } = await session.login({ deviceId, deviceType, refreshHash: deviceId, ip: "", userAgent: "" });
    this.#caller = { userId, deviceId, deviceType, loginId, expiresAtMs: farFuture };
  }

  /** Connects, and again after each lost socket, until the end of the run. */
  async live(isOver: () => boolean): Promise<void> {
    const { world } = this.#cluster;
    for (;;) {
      const isSilent = world.nowMs - this.#receivedMs > silenceMs;
      const moves = !isOver() && this.#random.chance(moveShare);
      if (!this.#socket || isSilent || moves) this.#connect();
      else this.#socket.send({ type: "PING" });
      await world.sleep(lookEveryMs * this.#random.between(0.7, 1.3));
    }
  }

  #connect(): void {
    // The device closes its socket, or its network is gone.
    if (this.#socket && this.#random.chance(0.5)) this.#socket.leave();
    if (this.#socket) this.#socket.isOver = true;
    this.#socket = undefined;
    const place = this.#random.pick(hostNames);
    const { network, world } = this.#cluster;
    this.#receivedMs = world.nowMs + silenceMs; // a handshake may take long
    network.send(this.name, place, () => {
      const host = this.#cluster.find(place);
      host?.machine.enter(() => {
        const caller = this.#caller;
        if (!caller || this.#socket) return;
        this.#orders = new Map();
        const socket: VirtualSocket = host.gateway.connect(
          this.name,
          caller,
          { frame: (frame) => this.#receive(socket, frame), closed: () => this.#lose(socket) },
          (writer, frame) => this.#written(writer, frame),
        );
        this.#socket = socket;
      });
    });
  }

  #lose(socket: VirtualSocket): void {
    socket.isOver = true;
    if (this.#socket === socket) this.#socket = undefined;
  }

  /** Takes a frame when the gateway writes it, so that the checker sees the frames of all sockets (G8). */
  #written(socket: VirtualSocket, { type, data }: ServerFrame): void {
    if (type === "CONNECT_ACK") this.#acknowledged.push(socket);
    const isOlder = this.#acknowledged.includes(socket) && this.#acknowledged.at(-1) !== socket;
    if (isOlder && type !== "FORCE_LOGOUT") this.#checker.servedBeside(this.name, type);
    if (data?.sessionId !== undefined && data.version !== undefined && type !== "SEND_ACK") {
      this.#checker.delivered(this.name, this.userId, data.sessionId, data.version);
    }
  }

  #receive(socket: VirtualSocket, { type, data }: ServerFrame): void {
    if (this.#socket !== socket) return;
    this.#receivedMs = this.#cluster.world.nowMs;
    if (type === "NOTIFICATION" && data.type === "sync.request" && data.sessionId !== undefined) {
      this.#orders.delete(data.sessionId);
    }
    if (data?.sessionId === undefined || data.version === undefined || type === "SEND_ACK") return;
    const { sessionId, version } = data;
    const seq = type === "NEW_MESSAGE" ? (data.seq as number) : undefined;
    if (seq !== undefined) this.#checker.saw(this.name, sessionId, { ...data, clientMsgId: data.clientMsgId ?? "" });
    const last = this.#orders.get(sessionId);
    if (last === undefined) this.#orders.set(sessionId, { version, said: { seq: seq ?? 0, version } });
    else if (version > last.version) {
      if (seq !== undefined && last.said.seq > 0 && seq !== last.said.seq + 1) {
        const { name: device, userId } = this;
        this.#checker.skipped({ device, userId, conversationId: sessionId, from: last.said, to: { seq, version } });
      }
      this.#orders.set(sessionId, { version, said: seq === undefined ? last.said : { seq, version } });
    }
    this.versions.set(sessionId, Math.max(version, this.versions.get(sessionId) ?? 0));
    if (seq !== undefined && this.#random.chance(0.5)) {
      socket.send({ type: "MESSAGE_ACK", data: { sessionId, seq, version } });
    }
  }
}
