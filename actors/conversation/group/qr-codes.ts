// The group's QR code: a user who scans it sees the group and may join by the rules of joining. One code is valid at a time.
import type { UserId } from "../../shared/ids.ts";
import { checkQrCode, createQrCode, liveQrCode, type QrCode } from "../../shared/qr-code.ts";
import type { GroupState } from "../model/group-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { ConversationQuery, ConversationTurn } from "../model/state.ts";
import { groupFor } from "./admit.ts";
import type { GroupCommands, GroupQueries } from "./contract.ts";
import { join } from "./join.ts";

/** The code that is good now; one is made where there is none. */
export function ensureGroupQrCode(
  turn: ConversationTurn,
  { userId }: { userId: UserId },
  ports: ConversationPorts,
): QrCode {
  const group = groupFor(turn, userId, "group.view_qr", ports);
  return liveQrCode(group.qrCode, turn.nowMs) ?? makeCode(turn, group, ports);
}

/** The code before is good no more. */
export function refreshGroupQrCode(turn: ConversationTurn, { by }: { by: UserId }, ports: ConversationPorts): QrCode {
  return makeCode(turn, groupFor(turn, by, "group.refresh_qr", ports), ports);
}

export function joinByQrCode(
  turn: ConversationTurn,
  { code, ...input }: Parameters<GroupCommands["joinByQrCode"]>[0],
  ports: ConversationPorts,
): ReturnType<GroupCommands["joinByQrCode"]> {
  const group = groupFor(turn, input.userId, "group.scan", ports);
  checkQrCode(group.qrCode, code, turn.nowMs, "group.qrcode_expired");
  return join(turn, input, ports);
}

export function scanGroup(
  { state, nowMs }: ConversationQuery,
  { userId, code }: Parameters<GroupQueries["scanGroup"]>[0],
  { rules }: Pick<ConversationPorts, "rules">,
): ReturnType<GroupQueries["scanGroup"]> {
  allow(state, rules, "group.scan", userId);
  const group = state.group!;
  checkQrCode(group.qrCode, code, nowMs, "group.qrcode_expired");
  const { groupId, name, avatar, joinVerify, members } = group;
  return { groupId, name, avatar, memberCount: members.size, joinVerify, isMember: members.has(userId) };
}

function makeCode(turn: ConversationTurn, group: GroupState, { random, rules }: ConversationPorts): QrCode {
  const life = { random, nowMs: turn.nowMs, lifeMs: rules.qrCodeMs };
  const qrCode = createQrCode("group", group.groupId, group.qrCode, life);
  turn.emit({ type: "group_qr_code_made", qrCode });
  return qrCode;
}
