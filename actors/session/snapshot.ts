// A session's state as plain JSON. Devices of one user hold the same conversations, so each id stands once, and marks
// are pairs of (index of the id, version): some 12 bytes instead of 45.
import type { ConversationId } from "../shared/ids.ts";
import type { KnownLogin } from "./contract.ts";
import { createDevice, type Device, type Marks } from "./device.ts";
import type { Revoked } from "./events.ts";
import { createSessionState, type DevicePlace, type SessionState, type StoredLogin } from "./state.ts";

interface Plain {
  credentials?: SessionState["credentials"];
  logins: StoredLogin[];
  revoked: Revoked[];
  /** Rows of `pastColumns`. Absent in snapshots of older releases, which kept no history. */
  past?: unknown[][];
  /** Absent in snapshots of older releases: the processes of their sockets have ended. */
  places?: DevicePlace[];
  conversationIds: ConversationId[];
  devices: PlainDevice[];
}
interface PlainDevice {
  deviceId: string;
  usedAtMs: number;
  newest: number;
  previous: number;
  acked: PlainMarks;
  vector: PlainMarks;
  back: PlainMarks;
}
/** The order is the format: a new field goes to the end, and older rows without it get the default. */
const pastColumns = [
  ...(["loginId", "deviceId", "deviceType", "deviceName", "clientVersion", "createdAtMs", "lastSeenMs"] as const),
  ...(["ip", "userAgent", "endedAtMs", "endReason"] as const),
] as const satisfies readonly (keyof KnownLogin)[];
/** User version, then index, version, index, version … */
type PlainMarks = number[];

export function encodeSession(state: SessionState): Plain {
  const indexes = new Map<ConversationId, number>();
  const encodeMarks = ({ userVersion, conversations }: Marks): PlainMarks => {
    const plain = [userVersion];
    for (const [id, version] of conversations) {
      const index = indexes.get(id) ?? indexes.size;
      indexes.set(id, index);
      plain.push(index, version);
    }
    return plain;
  };
  const devices = Array.from(state.devices.values(), ({ deviceId, usedAtMs, newest, previous, ...marks }) => ({
    ...{ deviceId, usedAtMs, newest, previous },
    acked: encodeMarks(marks.acked),
    vector: encodeMarks(marks.vector),
    back: encodeMarks(marks.back),
  }));
  return {
    credentials: state.credentials,
    logins: [...state.logins.values()],
    revoked: [...state.revoked.values()],
    past: Array.from(state.past.values(), (login) => pastColumns.map((field) => login[field])),
    places: [...state.places.values()],
    conversationIds: [...indexes.keys()],
    devices,
  };
}

export function decodeSession(plain: unknown, key: string): SessionState {
  const { credentials, logins, revoked, past = [], places = [], conversationIds, devices } = plain as Plain;
  const state = createSessionState(key);
  if (credentials) state.credentials = { ...credentials };
  for (const login of logins) state.logins.set(login.loginId, { ...unnamed, ...login });
  for (const row of past) {
    const login = Object.fromEntries(pastColumns.map((field, i) => [field, row[i]])) as unknown as KnownLogin;
    state.past.set(login.loginId, login);
  }
  for (const entry of revoked) state.revoked.set(entry.loginId, entry);
  for (const place of places) state.places.set(place.placeId, place);
  for (const device of devices) state.devices.set(device.deviceId, decodeDevice(device, conversationIds));
  return state;
}

/** Logins of older releases have neither. */
const unnamed = { deviceName: "", clientVersion: "" };

function decodeDevice({ acked, vector, back, ...rest }: PlainDevice, ids: readonly ConversationId[]): Device {
  return {
    ...createDevice(rest.deviceId),
    ...rest,
    acked: decodeMarks(acked, ids),
    vector: decodeMarks(vector, ids),
    back: decodeMarks(back, ids),
  };
}

function decodeMarks(plain: PlainMarks, ids: readonly ConversationId[]): Marks {
  const conversations = new Map<ConversationId, number>();
  for (let i = 1; i < plain.length; i += 2) conversations.set(ids[plain[i]!]!, plain[i + 1]!);
  return { userVersion: plain[0] ?? 0, conversations };
}
