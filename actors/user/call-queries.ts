import type { Query } from "../runtime/contract.ts";
import { authorize } from "../shared/authorization.ts";
import { DomainError } from "../shared/errors.ts";
import type { CallOperation, CallRecord, UserCallQueries } from "./call-contract.ts";
import { callAt, viewOf } from "./call-life.ts";
import { currentCall, findEnded, maxCallsKept } from "./calls.ts";
import type { UserState } from "./state.ts";

type UserQuery = Query<UserState>;
type Output<N extends keyof UserCallQueries> = ReturnType<UserCallQueries[N]>;

export const callQueries = {
  /** G11: the user's relation is the role in this call; somebody else's call looks like an unknown one. */
  call(query: UserQuery, { callId, operation }: { callId: string; operation: CallOperation }): Output<"call"> {
    const record = findCall(query, callId);
    authorize("call", operation, record?.role ?? "uninvolved");
    if (!record) throw new DomainError("rtc.call_not_found");
    return { call: viewOf(query.key, record), record };
  },

  calls({ state, nowMs }: UserQuery, { from, limit }: Parameters<UserCallQueries["calls"]>[0]): Output<"calls"> {
    const line = currentCall(state);
    const newestFirst = line ? [callAt(line, nowMs), ...state.calls.toReversed()] : state.calls.toReversed();
    const start = startOf(newestFirst, from);
    const calls = newestFirst.slice(start, start + Math.min(limit, maxCallsKept));
    return { total: newestFirst.length, calls, hasMore: start + calls.length < newestFirst.length };
  },
};

function startOf(calls: readonly CallRecord[], from: Parameters<UserCallQueries["calls"]>[0]["from"]): number {
  if ("offset" in from) return from.offset;
  if (from.after === undefined) return 0;
  const at = calls.findIndex(({ callId }) => callId === from.after);
  return at < 0 ? calls.length : at + 1;
}

function findCall({ state, nowMs }: UserQuery, callId: string): CallRecord | undefined {
  const line = currentCall(state);
  return line?.callId === callId ? callAt(line, nowMs) : findEnded(state, callId);
}
