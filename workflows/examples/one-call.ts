// Makes one call from a script: node workflows/examples/one-call.ts 127.0.0.1:7233 <callerId> <calleeId> <taskQueue>
// The hosts log their task queue with "workflows: worker started".
import { connectWorkflows } from "../client.ts";

const [address, callerId = "", calleeId = "", taskQueue] = process.argv.slice(2);
await using workflows = await connectWorkflows({ address, taskQueue });
const { calls } = workflows;

const [a = "", b = ""] = [callerId, calleeId].sort((x, y) => Number(x) - Number(y));
const conversationId = `s_${a}_${b}`;
const callId = `script-${Date.now()}`;

// Every device of the callee rings. Without an answer within 30 s the call ends as missed.
const call = { callId, callType: "audio", callerId, callerDeviceId: "script", calleeId, conversationId } as const;
console.log((await calls.invite(call, { ringMs: 30_000 })).state);

console.log((await calls.accept({ callId, userId: calleeId, deviceId: "script" })).state);
console.log((await calls.changeMode({ callId, userId: callerId, callType: "video" })).callType);
console.log((await calls.get(callId)).answeredBy);
console.log((await calls.hangup({ callId, userId: callerId })).outcome);
