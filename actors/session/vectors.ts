import type { Query, RecordMeta, Turn } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { maxMarksPerRecord, type SessionCommands, type SessionQueries, type Vector } from "./contract.ts";
import { changesVector, findVector, issueCursor, raiseMarks, risingMarks, toVector } from "./device.ts";
import type { ByType, SessionEvent, VectorEvent } from "./events.ts";
import { notifySynced } from "./notify.ts";
import { type SessionState, useDevice } from "./state.ts";

type SessionTurn = Turn<SessionState, SessionEvent>;
type Input<N extends keyof SessionCommands> = Parameters<SessionCommands[N]>[0];

export const vectorCommands = {
  progress(turn: SessionTurn, { deviceId, vector }: Input<"progress">): null {
    assertFits(countMarks(vector));
    const device = turn.state.devices.get(deviceId);
    const progress = risingMarks(device?.acked, vector);
    if (progress || !device) turn.emit({ type: "progressed", deviceId, progress: progress ?? {} });
    return null;
  },

  issueCursor(turn: SessionTurn, input: Input<"issueCursor">): { cursor: number } {
    const { deviceId, base, add, drop = [], isStart } = input;
    assertFits(countMarks(add) + drop.length);
    const device = turn.state.devices.get(deviceId);
    if (base !== 0 && base !== device?.newest && base !== device?.previous) throw new DomainError("sync.failed");
    const isUnchanged = base !== 0 && base === device?.newest && !isStart && !changesVector(device, add, drop);
    if (isUnchanged) return { cursor: base };
    const cursor = turn.stamp();
    turn.emit({
      ...{ type: "cursor_issued", deviceId, cursor, base, add },
      ...(drop.length > 0 && { drop }),
      ...(isStart && { isStart }),
    });
    return { cursor };
  },

  synced(turn: SessionTurn, input: Input<"synced">): null {
    turn.notify(notifySynced(turn, input));
    return null;
  },
};

export const vectorAppliers: ByType<VectorEvent, [SessionState, RecordMeta], void> = {
  progressed({ deviceId, progress }, state, { atMs }) {
    raiseMarks(useDevice(state, deviceId, atMs).acked, progress);
  },
  cursor_issued({ deviceId, ...issue }, state, { atMs }) {
    issueCursor(useDevice(state, deviceId, atMs), issue);
  },
};

export const vectorQueries = {
  vector: (
    { state }: Query<SessionState>,
    { deviceId, cursor }: Parameters<SessionQueries["vector"]>[0],
  ): { vector?: Vector } => ({ vector: findVector(state.devices.get(deviceId), cursor) }),

  device({ state }: Query<SessionState>, { deviceId }: { deviceId: string }): ReturnType<SessionQueries["device"]> {
    const device = state.devices.get(deviceId);
    return device ? { vector: toVector(device.acked), cursor: device.newest } : { cursor: 0 };
  },
};

function countMarks({ conversations = {} }: Partial<Vector>): number {
  return Object.keys(conversations).length;
}

function assertFits(marks: number): void {
  if (marks > maxMarksPerRecord) throw new DomainError("common.too_large", { details: { maxMarksPerRecord } });
}
