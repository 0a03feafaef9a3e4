// Wires the parts of the socket gateway, and connects them with the notification bus, the revocations and the lease. The
// layers import downwards only: wire ← socket ← delivery ← user ← intake ← frames ← this folder.
import type { Socket } from "node:net";
import type { Authenticator } from "../auth/authenticator.ts";
import { createEnvelopes, type Envelopes } from "../kit/envelope.ts";
import { isClosedByOthers } from "../kit/held-lease.ts";
import type { Languages } from "../kit/languages.ts";
import type { GatewayDeps } from "../ports.ts";
import { Acks } from "./delivery/acks.ts";
import { Channels } from "./delivery/channels.ts";
import { Dispatch } from "./dispatch.ts";
import { drainClients } from "./drain.ts";
import { Client, type ClientEvents } from "./intake/client.ts";
import type { ClientSocket, ConnectionDeps, Opening } from "./socket/connection.ts";
import { ErrorFrames } from "./socket/error-frames.ts";
import { endLogin } from "./socket/logout.ts";
import { Writer } from "./socket/writer.ts";
import { Sweep } from "./sweep.ts";
import { CatchUp } from "./user/catch-up.ts";
import { Comparisons } from "./user/comparisons.ts";
import { FriendsPresence } from "./user/friends-presence.ts";
import { Handshake } from "./user/handshake.ts";
import { Hub } from "./user/hub.ts";
import { Notices } from "./user/notices.ts";
import { Notifications } from "./user/notifications.ts";
import { Online } from "./user/online.ts";
import { Places } from "./user/places.ts";
import { PresenceWatch } from "./user/presence.ts";
import { Progress } from "./user/progress.ts";
import { ReadMarks } from "./user/read-marks.ts";
import { Reports } from "./user/reports.ts";
import { Senders } from "./user/senders.ts";
import { SyncProofs } from "./user/sync-proof.ts";
import { UnreadCounts } from "./user/unread-counts.ts";
import { closeCodes } from "./wire/close-codes.ts";

/** The sockets of one gateway. */
export interface SocketGateway {
  /** A socket whose upgrade was answered. Without `token` its first frame must be AUTH. */
  accept(ws: ClientSocket, socket: Socket, id: string, opening: Opening, token: string | undefined): Client;
  /** Sockets that are open, logged in or not. */
  readonly count: number;
  /** Starts the sweep. */
  start(): void;
  /** Serves no new socket; answers the frames that were read, and closes the sockets, a few at a time. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export function assembleGateway(deps: GatewayDeps, authenticator: Authenticator, languages: Languages): SocketGateway {
  const { lease, limits, clock, metrics } = deps;
  const startMs = clock.monotonicMs();
  let isDraining = false;
  const base: Base = {
    ...{ deps, authenticator, languages },
    writer: new Writer(deps),
    envelopes: createEnvelopes(deps),
    clients: new Set(),
    // Whole ms, so that the times that sockets remember are small integers.
    elapsedMs: () => Math.floor(clock.monotonicMs() - startMs),
  };
  const { clients, writer } = base;
  const parts = assembleParts(base);
  const connectionDeps: ConnectionDeps = {
    ...deps,
    ...base,
    errorFrames: new ErrorFrames(base),
    isDraining: () => isDraining,
  };
  const events = eventsOf(base, parts);
  listen(base, parts);

  return {
    accept(ws, socket, id, opening, token) {
      const client = new Client(connectionDeps, events, ws, socket, id, opening);
      clients.add(client);
      metrics.connections(1);
      if (isDraining) client.close(closeCodes.goingAway);
      else if (clients.size > limits.maxConnections) client.close(closeCodes.tooMany);
      else if (!lease.isHeld()) ws.pause();
      if (token !== undefined && client.state.kind === "connecting") void parts.handshake.run(client, { token });
      return client;
    },

    get count() {
      return clients.size;
    },

    start: () => parts.sweep.start(),

    async drain() {
      isDraining = true;
      const isClosed = () => isClosedByOthers(deps);
      const { elapsedMs } = base;
      const { sendDeadlineMs } = limits;
      await drainClients({ writer, clock, sendDeadlineMs, elapsedMs, isClosedByOthers: isClosed }, [...clients]);
      if (!isClosed()) await parts.readMarks.flush();
      if (!isClosed()) await parts.reports.end();
    },

    async close() {
      isDraining = true;
      parts.sweep.stop();
      for (const client of [...clients]) {
        client.close(closeCodes.goingAway);
        client.ws.terminate();
      }
      if (!isClosedByOthers(deps)) await parts.reports.end();
    },
  };
}

interface Base {
  readonly deps: GatewayDeps;
  readonly authenticator: Authenticator;
  readonly languages: Languages;
  readonly writer: Writer;
  readonly envelopes: Envelopes;
  readonly clients: Set<Client>;
  elapsedMs(): number;
}
type Parts = ReturnType<typeof assembleParts>;

/** Each part gets what it uses, and only parts that were made before it. */
function assembleParts({ deps, authenticator, writer, envelopes, clients, elapsedMs }: Base) {
  const { actors, clock, limits, identity, metrics } = deps;
  const { maxConnectionsPerUser, maxPresenceSubscriptions } = limits;
  const hub = new Hub({ ...deps, maxConnectionsPerUser });
  const channels = new Channels({ ...deps, writer, elapsedMs, receiversOf: (userId) => hub.connections(userId) });
  const reports = new Reports(deps);
  const places = new Places({ ...deps, hub, reports });
  const online = new Online(deps);
  const progress = new Progress({ ...deps, reports });
  const readMarks = new ReadMarks(deps);
  const presence = new PresenceWatch({ ...deps, hub, writer, maxPresenceSubscriptions });
  const syncProofs = new SyncProofs({ ...deps, writer, progress });
  const notices = new Notices({ ...deps, writer, elapsedMs, resendAfterMs: limits.resendAfterMs });
  const catchUp = new CatchUp({ ...deps, channels, hub, progress, notices });
  const friends = new FriendsPresence({ ...deps, presence });
  const handshakeParts = { authenticator, envelopes, hub, catchUp, friends, places, online };
  const handshake = new Handshake({ ...deps, ...handshakeParts });
  const comparisons = new Comparisons({
    ...{ ...deps, elapsedMs },
    isHere: (userId) => hub.find(userId) !== undefined,
    compare: (userId) => catchUp.compare(userId),
  });
  const acks = new Acks({
    findChannel: (conversationId) => channels.find(conversationId),
    delivered: (conversationId, userId, seq) => readMarks.delivered(conversationId, userId, seq),
  });
  const sends = { actors, clock, limits, senders: new Senders(actors, (userId) => hub.find(userId)) };
  const frameParts = { authenticator, sends, channels, acks, readMarks, presence, syncProofs, notices };
  const dispatch = new Dispatch({ ...deps, ...frameParts }, handshake, metrics);
  const sweepParts = { elapsedMs, clients, writer, hub, channels, comparisons, handshake, progress, notices };
  const sweep = new Sweep({ ...deps, ...sweepParts });
  const newId = () => deps.random.hex(128);
  const unread = new UnreadCounts({ ...deps, hub, channels, notices, elapsedMs, newId });
  const notifications = new Notifications({
    ...{ hub, channels, presence, places, notices, unread },
    ...{ boot: identity.boot, nowMs: () => clock.nowMs(), newId },
  });
  return {
    hub,
    channels,
    reports,
    online,
    progress,
    readMarks,
    presence,
    syncProofs,
    handshake,
    dispatch,
    sweep,
    notifications,
  };
}

function eventsOf({ deps, clients }: Base, parts: Parts): ClientEvents {
  const { dispatch, syncProofs, presence, progress, online, channels, hub } = parts;
  return {
    received: (client, data) => dispatch.receive(client, data),
    ponged: (client, payload) => syncProofs.ponged(client, payload),
    left(client) {
      presence.drop(client);
      progress.saveAtClose(client);
      online.ended(client);
      channels.leave(client);
      hub.leave(client);
    },
    ended(client, code) {
      if (clients.delete(client)) deps.metrics.connections(-1);
      deps.metrics.closed(code);
    },
  };
}

function listen({ deps, clients, writer }: Base, { hub, notifications, presence, sweep }: Parts): void {
  deps.notifications.onNotification((notification, users) => notifications.publish(notification, users));
  // Other gateways ask this one to leave places, also of users who have no socket here.
  deps.notifications.addUser(deps.identity.boot);
  deps.notifications.onGap(() => {
    sweep.compareAll();
    presence.judgeAll();
  });
  deps.revocations.onRevoked((loginId, reason) => {
    for (const connection of hub.ofLogin(loginId)) endLogin(connection, reason, deps.clock.nowMs());
  });
  deps.lease.onChange((isHeld) => {
    for (const client of clients) {
      if (isHeld) client.drainInbox();
      else client.ws.pause();
    }
    if (isHeld) writer.flush();
  });
}
