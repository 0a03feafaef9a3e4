// LiveKit: tokens that open one room to one user, what its webhooks say, and the end of a room.
// M1: a token opens one room, for one identity (the user), and publishes what the call's type allows.
// M2: a webhook counts only with LiveKit's signature over its very body.
// M3: no request waits longer than `requestTimeoutMs`; whatever LiveKit fails at is rtc.unavailable.
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
  /** Where devices connect: ws:// or wss:// */
  url: string;
  /** Where this host connects, when it is another address. */
  apiUrl?: string;
  apiKey: string;
  apiSecret: string;
}

export interface CallRoom {
  callId: string;
  roomName: string;
  /** A room that LiveKit makes anew under the same name has another id. */
  roomId: string;
}

export interface LiveKit extends MediaRooms, CallRooms {
  /** The rooms of calls that are open now. Throws rtc.unavailable. */
  listCallRooms(): Promise<CallRoom[]>;
  /** For /ready. Throws rtc.unavailable. */
  probe(): Promise<string>;
}

const requestTimeoutMs = 3_000;
/** A LiveKit that answered is taken to be there for so long. */
const seenMs = 5_000;
/** A webhook's body; LiveKit's own events are a few KiB. */
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
  const reach = createReach(apiUrl);

  return {
    url,

    async issueToken({ roomName, userId, name, deviceId, callType, ttlMs }) {
      // A token is signed here; whoever gets one should find somebody to show it to.
      await reach();
      const ttlSeconds = Math.ceil(ttlMs / 1_000);
      const token = new AccessToken(apiKey, apiSecret, {
        identity: userId,
        name,
        attributes: { deviceId },
        ttl: ttlSeconds,
      });
      token.addGrant(grantOf(roomName, callType)); // M1
      return { token: await token.toJwt(), expiresInMs: ttlSeconds * 1_000 };
    },

    async readWebhook(body, authorization) {
      if (Buffer.byteLength(body) > maxWebhookBytes) throw new DomainError("common.too_large");
      try {
        return eventOf(await receiver.receive(body, authorization)); // M2
      } catch (error) {
        throw new DomainError("auth.token_invalid", { cause: error });
      }
    },

    closeRoom: (roomName) => answered(() => rooms.deleteRoom(roomName)),

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
      answered(async () => {
        const permission = { canSubscribe: true, canPublish: true, canPublishData: true };
        const canPublishSources = sources[callType];
        const participants = await rooms.listParticipants(roomName);
        await Promise.all(
          participants.map(({ identity }) =>
            answered(() =>
              rooms.updateParticipant(roomName, identity, { permission: { ...permission, canPublishSources } }),
            ),
          ),
        );
      }),

    async probe() {
      await reach();
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

/** M3. What is not there any more is as it should be. */
async function answered(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isGone(error)) return;
    throw new DomainError("rtc.unavailable", { cause: error });
  }
}

/** M3. Asks at most once in `seenMs`, as long as the answer is good. */
function createReach(apiUrl: string): () => Promise<void> {
  let seenAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - seenAtMs < seenMs) return;
    try {
      await fetch(apiUrl, { signal: AbortSignal.timeout(requestTimeoutMs) });
      seenAtMs = performance.now();
    } catch (error) {
      throw new DomainError("rtc.unavailable", { cause: error });
    }
  };
}
