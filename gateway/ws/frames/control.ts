// Frames about the socket itself: authentication, heartbeat, sync, presence.
import { Session } from "../../../actors/session/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { optionalId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits as rateLimits, takeOrRefuse } from "../../kit/rate-limit.ts";
import { notifySynced } from "../../kit/sync-completed.ts";
import { syncOnWire } from "../../wire/sync.ts";
import { closeCodes } from "../wire/close-codes.ts";
import { encodeFrame } from "../wire/encode.ts";
import { callerOf } from "./caller.ts";
import { type ClientFrame, clientFrame, type FrameDeps, type Incoming } from "./client-frame.ts";

interface AuthBody {
  token: string;
  deviceId?: string;
  platform?: string;
}
interface SyncBody {
  cursor?: number | string;
  vector?: Record<string, number>;
  userVersion?: number;
  storeId?: string;
}

const version = { type: "number", integer: true, min: 0, max: Number.MAX_SAFE_INTEGER, convert: true } as const;
const token = { type: "string", min: 1, max: 2_048 } as const;
const maxVectorEntries = 10_000;
const maxConfirmed = 100;

export const controlFrames: ClientFrame[] = [
  clientFrame<AuthBody>({
    type: "AUTH",
    summary: "The first frame of a socket whose URL and subprotocol carry no token; within `authTimeoutMs`.",
    answers: ["CONNECT_ACK", "CONNECT_ERROR"],
    schema: schema<AuthBody>({ token, deviceId: optionalId, platform: optionalId }),
    handle() {
      // dispatch.ts serves the AUTH of a socket that waits for one; this one is a second AUTH.
      throw new DomainError("gateway.malformed", { details: { reason: "authenticated already" } });
    },
  }),

  clientFrame<{ token: string }>({
    type: "AUTH_REFRESH",
    summary:
      "A newer access token of the same login; without one the socket is closed with 4401 when the old one expires.",
    answers: ["OK"],
    errors: ["auth.token_invalid", "auth.token_expired"],
    schema: schema<{ token: string }>({ token }),
    async handle({ client, body }, { authenticator, actors }) {
      const { userId, loginId } = callerOf(client);
      const { expiresAtMs, ...fresh } = authenticator.readToken(body.token);
      if (fresh.loginId !== loginId || fresh.userId !== userId) throw new DomainError("auth.token_invalid");
      // The token that was sent last counts, though the answer about an earlier one may come later.
      await client.runInOrder(["token"], async () => {
        const { active } = await actors.get(Session, userId).isActive({ loginId });
        if (active) client.transition({ type: "token_renewed", expiresAtMs });
        else client.close(closeCodes.unauthorized);
      });
    },
  }),

  clientFrame<object>({
    type: "PING",
    summary: "Heartbeat, every `heartbeatInterval` seconds; any frame counts as one.",
    answers: ["PONG"],
    schema: schema<object>({}),
    handle({ client }, { clock }) {
      client.send(encodeFrame("PONG", undefined, { timestamp: clock.nowMs() }));
    },
  }),

  clientFrame<SyncBody>({
    type: "SYNC",
    summary: "What happened since a cursor, or since a vector {sessionId: version} with userVersion and storeId.",
    answers: ["SYNC_RESULT"],
    errors: ["sync.failed"],
    schema: schema<SyncBody>(
      {
        cursor: { ...version, optional: true },
        vector: {
          type: "record",
          key: { type: "string", max: 64 },
          value: { ...version, convert: false },
          optional: true,
        },
        userVersion: { ...version, optional: true },
        storeId: optionalId,
      },
      { example: { vector: { s_247239848097504_247239848101600: 57 }, userVersion: 9, storeId: "k3v9" } },
    ),
    handle: sync,
  }),

  clientFrame<{ userIds: string[] }>({
    type: "PRESENCE_SUBSCRIBE",
    summary: "Whose presence to send; replaces the former list. Only friends, and users who show it to everybody.",
    answers: ["OK", "USER_ONLINE", "USER_OFFLINE"],
    schema: schema<{ userIds: string[] }>({
      userIds: { type: "array", items: { type: "string", min: 1, max: 64 }, max: 10_000 },
    }),
    handle({ client, body }, { rateLimits, presence }) {
      takeOrRefuse(rateLimits, presenceLimit, callerOf(client).userId);
      return presence.subscribe(client, body.userIds);
    },
  }),

  clientFrame<{ notificationIds: string[] }>({
    type: "NOTIFICATION_ACK",
    summary: "The device has these notifications: those with `requireAck` are not sent again.",
    answers: [],
    schema: schema<{ notificationIds: string[] }>(
      { notificationIds: { type: "array", items: { type: "string", min: 1, max: 64 }, max: maxConfirmed } },
      { example: { notificationIds: ["5f0c9d2e7a4b4f1c8d3e6a9b0c1d2e3f"] } },
    ),
    handle({ client, body }, { notices }) {
      notices.confirm(client, body.notificationIds);
    },
  }),
];

const presenceLimit = { name: "ws.presence", burst: 10, perMinute: 30 };

type SyncFrom = Parameters<FrameDeps["reading"]["sync"]>[0]["from"];

function isFromBeginning(from: SyncFrom): boolean {
  if ("cursor" in from) return from.cursor === 0;
  return from.vector.userVersion === 0 && Object.keys(from.vector.conversations).length === 0;
}

async function sync({ client, body, msgId }: Incoming<SyncBody>, deps: FrameDeps): Promise<void> {
  const { userId, deviceId } = callerOf(client);
  takeOrRefuse(deps.rateLimits, rateLimits.sync, userId);
  const { vector, userVersion = 0, storeId } = body;
  if (vector && Object.keys(vector).length > maxVectorEntries) {
    throw new DomainError("gateway.malformed", { details: { maxVectorEntries } });
  }
  const from = vector
    ? { vector: { userVersion, conversations: vector }, storeId }
    : { cursor: Number(body.cursor ?? 0) };
  const { maxPageMessages: maxMessages, maxPageBytes: maxBytes } = deps.limits;
  const expected = deps.syncProofs.expect(client);
  const result = await deps.reading.sync({ userId, deviceId, from, maxMessages, maxBytes });
  const timestamp = deps.clock.nowMs();
  client.send(encodeFrame("SYNC_RESULT", syncOnWire(result), { msgId, timestamp }));
  const isLong = client.syncsLong || isFromBeginning(from);
  client.syncsLong = result.hasMore;
  if (isLong && !result.hasMore) notifySynced(deps, { userId, deviceId, cursor: result.cursor });
  if (expected && !result.hasMore) deps.syncProofs.ask(client, expected, result.vector);
}
