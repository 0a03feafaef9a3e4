// What the gateway sends is described by tables: encoders, reference and tests read the same ones.
import test from "ava";
import type { Message, OutgoingMessage } from "../../gateway/client/base/wire.ts";
import type { MessageBody } from "../../gateway/input/message-body.ts";
import type { Target } from "../../gateway/input/target.ts";
import type { WireMessage } from "../../gateway/wire/shapes/message.ts";
import { encodeFrame } from "../../gateway/ws/wire/encode.ts";
import { misfitsOfFrame } from "../support/wire-check.ts";

test("an acknowledgement written by hand is the one that JSON would be", (t) => {
  const data = { messageId: "1000000000001", sessionId: "s_1_2", seq: 7, version: 9, timestamp: 1_700_000_000_000 };
  const head = { msgId: 'quoted "key" \\ 漢', timestamp: 1_700_000_000_001 };
  const frame = JSON.parse(encodeFrame("SEND_ACK", data, head));
  t.deepEqual(frame, { type: "SEND_ACK", ...head, data });
  t.deepEqual(misfitsOfFrame(frame), []);
});

test("a frame that its table does not describe is noticed: a field too many, too few, of another type, another frame", (t) => {
  const data = { userId: "1", platform: "PC", timestamp: 1 };
  const online = { type: "USER_ONLINE", timestamp: 1, data };
  t.deepEqual(misfitsOfFrame(online), []);
  for (const wrong of [
    { ...online, data: { ...data, mood: "good" } },
    { ...online, mood: "good" },
    { ...online, data: { userId: "1", timestamp: 1 } },
    { ...online, data: { ...data, timestamp: "1" } },
    { ...online, data: { ...data, userId: "" } },
    { ...online, data: undefined },
    { ...online, msgId: "m" },
    { ...online, type: "USER_GONE" },
    { ...online, type: "NOTIFICATION", data: { type: "user.gone", timestamp: 1 } },
  ]) {
    t.not(misfitsOfFrame(wrong).length, 0, JSON.stringify(wrong));
  }
});

// A field that the client's types lack makes its name the only value that fits: then the line does not compile.
type Missing<Fields> = [Fields] extends [never] ? "none" : Fields;

test("the client's types have every field of a message that the server takes and sends", (t) => {
  const taken: Missing<Exclude<keyof MessageBody, keyof OutgoingMessage | keyof Target>> = "none";
  const sent: Missing<Exclude<keyof WireMessage, keyof Message>> = "none";
  t.deepEqual([taken, sent], ["none", "none"]);
});
