// How far one device has got.
// Acknowledged marks only rise; a dropped conversation leaves them.
// A cursor stands for exactly its base and what its answer added. The newest cursor's vector is kept whole, the one before as
// the steps back to it, so that issuing a cursor costs as much as its answer added.
import type { ConversationId } from "../shared/ids.ts";
import type { Vector } from "./contract.ts";

export interface Marks {
  userVersion: number;
  /** Absent = 0 = holds nothing of it. */
  conversations: Map<ConversationId, number>;
}

export interface Device {
  readonly deviceId: string;
  usedAtMs: number;
  readonly acked: Marks;
  /** 0 = none issued. */
  newest: number;
  readonly vector: Marks;
  previous: number;
  /** What differs at `previous`. */
  back: Marks;
}

export function createDevice(deviceId: string): Device {
  return {
    ...{ deviceId, usedAtMs: 0, acked: emptyMarks(), newest: 0, vector: emptyMarks() },
    ...{ previous: 0, back: emptyMarks() },
  };
}

export function emptyMarks(): Marks {
  return { userVersion: 0, conversations: new Map() };
}

export function raiseMarks(marks: Marks, { userVersion = 0, conversations = {} }: Partial<Vector>): void {
  marks.userVersion = Math.max(marks.userVersion, userVersion);
  for (const id in conversations) raiseMark(marks, id, conversations[id]!);
}

/** Only what rises: nothing else is worth a record. Undefined when nothing does. */
export function risingMarks(
  acked: Marks | undefined,
  { userVersion = 0, conversations = {} }: Partial<Vector>,
): Partial<Vector> | undefined {
  const rising: Record<ConversationId, number> = {};
  let count = 0;
  for (const id in conversations) {
    const version = conversations[id]!;
    if (version <= (acked?.conversations.get(id) ?? 0)) continue;
    rising[id] = version;
    count += 1;
  }
  const hasUserVersion = userVersion > (acked?.userVersion ?? 0);
  if (count === 0 && !hasUserVersion) return undefined;
  return { ...(hasUserVersion && { userVersion }), ...(count > 0 && { conversations: rising }) };
}

/** The vector that `cursor` stands for; undefined when it is not one of the two newest. */
export function findVector(device: Device | undefined, cursor: number): Vector | undefined {
  if (!device || cursor === 0) return undefined;
  if (cursor === device.newest) return toVector(device.vector);
  if (cursor !== device.previous) return undefined;
  const conversations = new Map(device.vector.conversations);
  for (const [id, version] of device.back.conversations) setMark(conversations, id, version);
  return toVector({ userVersion: device.back.userVersion, conversations });
}

interface Issue {
  cursor: number;
  base: number;
  add: Partial<Vector>;
  drop?: readonly ConversationId[];
  isStart?: true;
}

/** Moves `vector` from the newest cursor to the new one, keeping the steps back. */
export function issueCursor(device: Device, { cursor, base, add, drop = [], isStart }: Issue): void {
  confirm(device, base);
  const { vector } = device;
  const back: Marks = { userVersion: vector.userVersion, conversations: new Map() };
  const set = (id: ConversationId, version: number): void => {
    if (!back.conversations.has(id)) back.conversations.set(id, vector.conversations.get(id) ?? 0);
    setMark(vector.conversations, id, version);
  };
  if (base === 0) {
    for (const id of [...vector.conversations.keys()]) set(id, 0);
    vector.userVersion = 0;
  } else if (base !== device.newest) {
    for (const [id, version] of device.back.conversations) set(id, version);
    vector.userVersion = device.back.userVersion;
  }
  for (const id of drop) {
    set(id, 0);
    device.acked.conversations.delete(id);
  }
  for (const id in add.conversations) set(id, add.conversations[id]!);
  vector.userVersion = add.userVersion ?? vector.userVersion;
  if (isStart) raiseMarks(device.acked, add);
  device.previous = device.newest;
  device.newest = cursor;
  device.back = back;
}

/** Whether an answer changes anything of what the newest cursor stands for. */
export function changesVector({ vector }: Device, add: Partial<Vector>, drop: readonly ConversationId[]): boolean {
  if (add.userVersion !== undefined && add.userVersion !== vector.userVersion) return true;
  for (const id in add.conversations) if (add.conversations[id] !== (vector.conversations.get(id) ?? 0)) return true;
  return drop.some((id) => vector.conversations.has(id));
}

/** A device that comes with a cursor has acknowledged its vector; only marks that this cursor changed can be new. */
function confirm(device: Device, base: number): void {
  const { acked, vector, back } = device;
  if (base === 0 || (base !== device.newest && base !== device.previous)) return;
  const held = base === device.newest ? vector : back;
  acked.userVersion = Math.max(acked.userVersion, held.userVersion);
  for (const id of back.conversations.keys()) raiseMark(acked, id, held.conversations.get(id) ?? 0);
}

export function toVector({ userVersion, conversations }: Marks): Vector {
  return { userVersion, conversations: Object.fromEntries(conversations) };
}

function raiseMark({ conversations }: Marks, id: ConversationId, version: number): void {
  if (version > (conversations.get(id) ?? 0)) conversations.set(id, version);
}

function setMark(conversations: Map<ConversationId, number>, id: ConversationId, version: number): void {
  if (version === 0) conversations.delete(id);
  else conversations.set(id, version);
}
