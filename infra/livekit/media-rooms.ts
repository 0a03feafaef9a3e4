// The adapter of LiveKit: issues tokens, reads webhooks, and lists, changes and closes rooms. A token lets one user enter one
// room and publish what the call's type allows. A webhook counts only with LiveKit's signature over its exact body. No request
// waits longer than `requestTimeoutMs`, and every failure of LiveKit is rtc.unavailable.
import {
  AccessToken,
  ParticipantInfo_State,
  RoomServiceClient,
  TrackSource,
  TwirpError,
  type VideoGrant,
  WebhookReceiver,
} from "livekit-server-sdk";
import type { CallType } from "../../actors/shared/call.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { CallEvent, MediaRooms } from "../../gateway/ports.ts";
import { callIdOfRoom } from "../../workflows/call/contract.ts";
import type { CallRooms } from "../../workflows/call/deps.ts";

export interface LiveKitOptions {
  /** The address for devices: ws:// or wss:// */
  url: string;
  /** The address for this host, when it is another one. */
  apiUrl?: string;
  apiKey: string;
  apiSecret: string;
}

export interface CallRoom {
  callId: string;
  roomName: string;
  /** LiveKit's id of the room: a later room with the same name has another one. */
  roomId: string;
}

export interface LiveKit extends MediaRooms, CallRooms {
  /** The open rooms that belong to calls. Throws rtc.unavailable. */
  listCallRooms(): Promise<CallRoom[]>;
  /** For /ready. Throws rtc.unavailable. */
  probe(): Promise<string>;
}

const requestTimeoutMs = 3_000;
/** After an answer, LiveKit counts as available for this time. */
const answerValidMs = 5_000;
/** Size of a webhook's body; LiveKit's events have a few KiB. */
const maxWebhookBytes = 64 * 1024;

const sources: Record<CallType, TrackSource[]> = {
  audio: [TrackSource.MICROPHONE],
  video: [TrackSource.MICROPHONE, TrackSource.CAMERA, TrackSource.SCREEN_SHARE, TrackSource.SCREEN_SHARE_AUDIO],
};

export function openLiveKit(options: LiveKitOptions): LiveKit {
  const { url, apiKey, apiSecret } = options;
  const apiUrl = (options.apiUrl ?? url).replace(/^ws/, "http");
  const rooms = new RoomServiceClient(apiUrl, apiKey, apiSecret, { requestTimeout: requestTimeoutMs / 1_000 });
  const receiver = new WebhookReceiver(apiKey, apiSecret);
  const requireAvailable = createAvailabilityCheck(apiUrl);

  return {
    url,

    async issueToken({ roomName, userId, name, deviceId, callType, ttlMs }) {
      // Signing needs no LiveKit, so its availability is checked first: a token without a server is of no use.
      await requireAvailable();
      const ttlSeconds = Math.ceil(ttlMs / 1_000);
      const token = new AccessToken(apiKey, apiSecret, {
        identity: userId,
        name,
        attributes: { deviceId },
        ttl: ttlSeconds,
      });
      token.addGrant(grantOf(roomName, callType));
      return { token: await token.toJwt(), expiresInMs: ttlSeconds * 1_000 };
    },

    async readWebhook(body, authorization) {
      if (Buffer.byteLength(body) > maxWebhookBytes) throw new DomainError("common.too_large");
      try {
        return eventOf(await receiver.receive(body, authorization)); // throws when the signature does not match
      } catch (error) {
        throw new DomainError("auth.token_invalid", { cause: error });
      }
    },

    closeRoom: (roomName) => unlessGone(() => rooms.deleteRoom(roomName)),

    async listParticipants(roomName) {
      try {
        const participants = await rooms.listParticipants(roomName);
        return participants
          .filter(({ state }) => state !== ParticipantInfo_State.DISCONNECTED)
          .map(({ identity, sid }) => ({ userId: identity, connectionId: sid }));
      } catch (error) {
        if (isGone(error)) return [];
        throw new DomainError("rtc.unavailable", { cause: error });
      }
    },

    async listCallRooms() {
      try {
        const all = await rooms.listRooms();
        return all.flatMap(({ name, sid }) => {
          const callId = callIdOfRoom(name);
          return callId === undefined ? [] : [{ callId, roomName: name, roomId: sid }];
        });
      } catch (error) {
        throw new DomainError("rtc.unavailable", { cause: error });
      }
    },

    permit: (roomName, callType) =>
      unlessGone(async () => {
        const permission = { canSubscribe: true, canPublish: true, canPublishData: true };
        const canPublishSources = sources[callType];
        const participants = await rooms.listParticipants(roomName);
        await Promise.all(
          participants.map(({ identity }) =>
            unlessGone(() =>
              rooms.updateParticipant(roomName, identity, { permission: { ...permission, canPublishSources } }),
            ),
          ),
        );
      }),

    async probe() {
      await requireAvailable();
      return `LiveKit at ${apiUrl}`;
    },
  };
}

function grantOf(room: string, callType: CallType): VideoGrant {
  return {
    roomJoin: true,
    room,
    canPublish: true,
    canPublishSources: sources[callType],
    canPublishData: true,
    canSubscribe: true,
    canUpdateOwnMetadata: false,
  };
}

function eventOf({ event, room, participant }: Awaited<ReturnType<WebhookReceiver["receive"]>>): CallEvent | undefined {
  const callId = callIdOfRoom(room?.name ?? "");
  if (callId === undefined) return undefined;
  if (event === "room_finished") return { callId, kind: "room_finished" };
  if (!participant || (event !== "participant_joined" && event !== "participant_left")) return undefined;
  const kind = event === "participant_joined" ? "joined" : "left";
  return { callId, userId: participant.identity, kind, connectionId: participant.sid };
}

function isGone(error: unknown): boolean {
  return error instanceof TwirpError && error.status === 404;
}

/** Runs a request. A room or participant that does not exist any more is no failure. */
async function unlessGone(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isGone(error)) return;
    throw new DomainError("rtc.unavailable", { cause: error });
  }
}

/** Sends at most one request in `answerValidMs` while LiveKit answers. */
function createAvailabilityCheck(apiUrl: string): () => Promise<void> {
  let answeredAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - answeredAtMs < answerValidMs) return;
    try {
      await fetch(apiUrl, { signal: AbortSignal.timeout(requestTimeoutMs) });
      answeredAtMs = performance.now();
    } catch (error) {
      throw new DomainError("rtc.unavailable", { cause: error });
    }
  };
}
