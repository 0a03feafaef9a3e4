// The real socket gateway of one boot of one host, on virtual sockets.
import type { FramedNotification } from "../../actors/shared/notification.ts";
import type { Caller } from "../../gateway/auth/authenticator.ts";
import { createLanguages } from "../../gateway/kit/languages.ts";
import { defaultGatewayLimits } from "../../gateway/limits.ts";
import type { GatewayDeps, NotificationSource } from "../../gateway/ports.ts";
import { assembleGateway, type SocketGateway } from "../../gateway/ws/assemble.ts";
import { createMemoryPresence } from "../../infra/memory/presence.ts";
import { noRateLimits } from "../../infra/memory/rate-limits.ts";
import type { BootedHost } from "./booted-host.ts";
import type { Network } from "./network.ts";
import { type ServerFrame, type SocketHandlers, VirtualSocket } from "./virtual-socket.ts";

/** Shorter than in production, so that a run of seconds reaches every limit. */
const limits = {
  ...defaultGatewayLimits,
  syncEveryMs: 1_500,
  silenceMs: 5_000,
  callDeadlineMs: 3_000,
  sendDeadlineMs: 4_000,
};
const subscribeTimeoutMs = 300;

/** This gateway's subscriptions to the notification bus. */
class Source implements NotificationSource {
  readonly #users = new Set<string>();
  readonly #rooms = new Set<string>();
  readonly #handlers: ((notification: FramedNotification, users: readonly string[]) => void)[] = [];
  readonly #network: Network;
  readonly #host: Pick<BootedHost, "machine">;

  constructor(network: Network, host: Pick<BootedHost, "machine">) {
    this.#network = network;
    this.#host = host;
  }

  deliver(notification: FramedNotification): void {
    const { target } = notification;
    const users = "users" in target ? target.users.filter((userId) => this.#users.has(userId)) : [];
    const isHeard = "users" in target ? users.length > 0 : this.#rooms.has(target.conversationId);
    if (isHeard) for (const handle of this.#handlers) handle(notification, users);
  }
  onNotification(handler: (notification: FramedNotification, users: readonly string[]) => void): void {
    this.#handlers.push(handler);
  }
  onGap(): void {}
  addUser(userId: string): void {
    this.#users.add(userId);
  }
  removeUser(userId: string): void {
    this.#users.delete(userId);
  }
  addConversation(id: string): Promise<void> {
    return this.#network.ask(this.#host.machine, "bus", subscribeTimeoutMs, () => {
      this.#rooms.add(id);
    });
  }
  removeConversation(id: string): void {
    this.#rooms.delete(id);
  }
}

export class SimulatedGateway {
  readonly #gateway: SocketGateway;
  readonly #source: Source;
  readonly #network: Network;
  readonly #host: BootedHost;
  #sockets = 0;

  /** `forgetsMembership`: the rule that a removed member stops receiving is switched off. */
  constructor(host: BootedHost, made: { network: Network; storeId: string; forgetsMembership: boolean }) {
    this.#host = host;
    this.#network = made.network;
    this.#source = new Source(made.network, host);
    const deps = depsOf(host, this.#source, made.storeId);
    if (made.forgetsMembership) forgetMembership(deps);
    const readToken = (token: string) => JSON.parse(token) as Caller;
    const unused = () => {
      throw new Error("sockets only");
    };
    this.#gateway = assembleGateway(
      deps,
      { readToken, issue: unused, verify: unused, wasUsed: unused },
      createLanguages(deps),
    );
    this.#gateway.start();
  }

  deliver(notification: FramedNotification): void {
    this.#source.deliver(notification);
  }

  connect(
    device: string,
    caller: Caller,
    handlers: SocketHandlers,
    onWrite: (socket: VirtualSocket, frame: ServerFrame) => void,
  ): VirtualSocket {
    this.#sockets += 1;
    const { machine } = this.#host;
    const id = `${machine.boot}-${this.#sockets}`;
    const token = JSON.stringify(caller);
    const { gateway, network } = { gateway: this.#gateway, network: this.#network };
    return new VirtualSocket({ id, gateway, network, machine, device, token, handlers, onWrite });
  }
}

function depsOf(host: BootedHost, notifications: NotificationSource, storeId: string): GatewayDeps {
  const { machine, actors, reading, lease } = host;
  const quiet = () => {};
  const unused = () => {
    throw new Error("sockets only");
  };
  return {
    viewerNotifications: notifications,
    ...{ actors, reading, notifications, limits, clock: machine.clock, random: machine.world.random.fork() },
    directory: { findMany: async () => new Map(), searchMembers: unused },
    presence: createMemoryPresence(),
    accounts: { refreshNow: unused, changed: unused },
    passwords: { hash: unused, verify: unused },
    phones: { parse: unused },
    qrPictures: { draw: unused },
    codes: { send: unused, verify: unused },
    rateLimits: noRateLimits,
    revocations: { revoke: unused, isRevoked: () => false, onRevoked: quiet },
    lease: {
      isHeld: () => lease.isHeld(),
      onChange: (handler) => lease.onChange(() => handler(lease.isHeld())),
      isClosed: (boot) => boot !== machine.boot && lease.mayFence(boot),
    },
    log: { info: quiet, warn: quiet, error: quiet },
    metrics: { connections: quiet, frameIn: quiet, framesOut: quiet, closed: quiet, request: quiet, gap: quiet },
    auth: { secrets: [], accessTokenMs: 1, refreshTokenMs: 1 },
    health: { ready: unused, metrics: unused },
    secrets: { seal: unused, open: unused },
    usage: { ofUser: unused, log: unused, series: unused, overview: unused },
    identity: { host: machine.host, boot: machine.boot, storeId, version: "0" },
  } as GatewayDeps;
}

/** Takes the users who left out of the notification. */
function forgetMembership(deps: GatewayDeps): void {
  const { reading, notifications, actors } = deps;
  void actors;
  deps.reading = {
    ...reading,
    difference: async (input) => {
      const answer = await reading.difference(input);
      return { ...answer, changes: answer.changes.filter(({ change }) => change.type !== "member_left") };
    },
  };
  const listen = notifications.onNotification.bind(notifications);
  notifications.onNotification = (handler) =>
    listen((notification, users) => {
      if (notification.type !== "session.deleted")
        handler({ ...notification, membership: undefined } as FramedNotification, users);
    });
}
