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
  /** G11: the relation is who the user is in this call; of calls that are not his he knows nothing. */
  call(query: UserQuery, { callId, operation }: { callId: string; operation: CallOperation }): Output<"call"> {
    const record = findCall(query, callId);
    authorize("call", operation, record?.role ?? "uninvolved");
    if (!record) throw new DomainError("rtc.call_not_found");
    return { call: viewOf(query.key, record), record };
  },

  calls({ state, nowMs }: UserQuery, { offset, limit }: { offset: number; limit: number }): Output<"calls"> {
    const line = currentCall(state);
    const newestFirst = line ? [callAt(line, nowMs), ...state.calls.toReversed()] : state.calls.toReversed();
    const calls = newestFirst.slice(offset, offset + Math.min(limit, maxCallsKept));
    return { total: newestFirst.length, calls };
  },
};

function findCall({ state, nowMs }: UserQuery, callId: string): CallRecord | undefined {
  const line = currentCall(state);
  return line?.callId === callId ? callAt(line, nowMs) : findEnded(state, callId);
}
