// The handlers of the call workflow: its updates, its signal and its query. A validator refuses an update without waiting, and
// a refused update leaves no event in the history. A handler decides, and answers when its decision has taken effect.
//
// call-handlers/freed: a handler that ended the call answers when both lines are free, so that the user can call again at once.
// call-handlers/answer: handlers run in a scope that cannot be cancelled, so that every update gets an answer even when an
//     operator cancels the workflow.
import { CancellationScope, condition, proxyLocalActivities, setHandler, TemporalFailure } from "@temporalio/workflow";
import type { CallType } from "../../actors/shared/call.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { asRefusals, asRefusalsNow, domainErrorOf, refusalOf } from "../kit/refusals.ts";
import type { CallActivities } from "./activities.ts";
import {
  acceptUpdate,
  changeModeUpdate,
  hangupUpdate,
  type InviteAnswer,
  inviteUpdate,
  rejectUpdate,
  roomSignal,
  stateQuery,
} from "./contract.ts";
import { type Room, seeRoom } from "./room.ts";
import {
  answer,
  type Call,
  decideEnd,
  requireCallee,
  requireCaller,
  requireOpen,
  requireParty,
  viewOf,
} from "./state.ts";

/** Temporal accepts 2 000 updates of a workflow, and some must be left for hangups. */
const modeChangesMax = 500;

/** Few attempts, because a user waits: when they fail, the mode change is refused and the call stays as it was. */
const { permit } = proxyLocalActivities<CallActivities>({
  startToCloseTimeout: "4s",
  retry: { maximumAttempts: 2 },
});

export function handleCall(call: Call, room: Room): void {
  setHandler(stateQuery, () => viewOf(call));
  setHandler(roomSignal, (event) => seeRoom(room, event, Date.now()));
  setHandler(inviteUpdate, () => answering(() => awaitInvite(call)), {
    validator: ({ callerId }) => asRefusalsNow(() => requireCaller(call, callerId)),
  });
  handleAnswers(call);

  setHandler(
    hangupUpdate,
    ({ userId }) =>
      answering(async () => {
        await reserved(call);
        const whileRinging = userId === call.input.callerId ? "cancelled" : "rejected";
        decideEnd(call, call.phase === "connected" ? "completed" : whileRinging, "user", Date.now());
        return ended(call);
      }),
    // A hangup of a call that is already ending succeeds, because its user gets what they want.
    { validator: ({ userId }) => asRefusalsNow(() => requireParty(call, userId)) },
  );

  setHandler(
    changeModeUpdate,
    ({ callType }) =>
      answering(async () => {
        call.modeChanges += 1;
        if (call.callType !== callType) {
          // Permitted before the answer, because the user's device starts to publish at the answer.
          await permitted(call, callType);
          requireOpen(call);
          call.callType = callType;
          call.revision += 1;
        }
        return viewOf(call);
      }),
    {
      validator: ({ userId }) =>
        asRefusalsNow(() => {
          requireParty(call, userId);
          requireOpen(call);
          if (call.phase !== "connected") throw new DomainError("common.conflict", { message: "Nobody has answered." });
          if (call.modeChanges >= modeChangesMax) {
            throw new DomainError("common.conflict", {
              message: "The mode of this call was changed too often. Hang up, and call again.",
            });
          }
        }),
    },
  );
}

function handleAnswers(call: Call): void {
  setHandler(
    acceptUpdate,
    ({ deviceId }) =>
      answering(async () => {
        await reserved(call);
        answer(call, deviceId, Date.now());
        return viewOf(call);
      }),
    {
      validator: ({ userId, deviceId }) =>
        asRefusalsNow(() => {
          requireCallee(call, userId);
          requireOpen(call);
          requireOwnAnswer(call, deviceId);
        }),
    },
  );

  setHandler(
    rejectUpdate,
    ({ reason }) =>
      answering(async () => {
        await reserved(call);
        requireOpen(call);
        requireOwnAnswer(call, undefined);
        decideEnd(call, reason === "busy" ? "busy" : "rejected", "user", Date.now());
        return ended(call);
      }),
    {
      validator: ({ userId }) =>
        asRefusalsNow(() => {
          requireCallee(call, userId);
          requireOpen(call);
          requireOwnAnswer(call, undefined);
        }),
    },
  );
}

async function awaitInvite(call: Call): Promise<InviteAnswer> {
  await reserved(call);
  if (call.glareWith !== undefined) return { kind: "glare", withCallId: call.glareWith };
  if (call.refusal) {
    const { error, message, details } = call.refusal;
    // call-handlers/freed. Unavailable actors cannot confirm that the lines are free, so a call that failed for that reason
    // does not wait.
    if (error !== "common.unavailable") await condition(() => call.isFreed);
    throw refusalOf(new DomainError(error, { message, details }));
  }
  return { kind: "call", call: viewOf(call) };
}

async function permitted(call: Call, callType: CallType): Promise<void> {
  try {
    await permit({ roomName: viewOf(call).roomName, callType });
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    throw domainErrorOf(error) ?? new DomainError("rtc.unavailable", { cause: error });
  }
}

/** Throws when another device has answered: the call rings no more for this one. */
function requireOwnAnswer(call: Call, deviceId: string | undefined): void {
  if (call.phase !== "connected" || call.answeredBy === deviceId) return;
  throw new DomainError("rtc.call_ended", { details: { answeredElsewhere: true } });
}

async function reserved(call: Call): Promise<void> {
  if (call.phase === "reserving") await condition(() => call.phase !== "reserving");
}

async function ended(call: Call) {
  await condition(() => call.isFreed); // call-handlers/freed
  return viewOf(call);
}

function answering<T>(decide: () => Promise<T>): Promise<T> {
  return CancellationScope.nonCancellable(() => asRefusals(decide)); // call-handlers/answer
}
