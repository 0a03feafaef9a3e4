// The one table of who may do what in a conversation or a call (G11): operation × relation, decided by the actor that owns the
// relation. Every command and query goes through `authorize`; other reasons to refuse (mutes, time, limits) stand beside the call.
import { DomainError, type ErrorName } from "./errors.ts";

/**
 * pair: outsider (neither of the two), stranger (not friends), acquaintance (not friends, where friendship is not asked
 * for), friend, blocker (blocked the other), blocked (by the other, or both) · group: nonmember, exmember, member, admin,
 * owner · system: bystander, recipient · assistant (a chat with a model): none, stranger, owner · call: uninvolved, caller, callee · service: a workflow of this system acting for somebody · none: no such group.
 */
export type Relation =
  | (typeof pairRelations)[number]
  | (typeof groupRelations)[number]
  | (typeof systemRelations)[number]
  | (typeof assistantRelations)[number]
  | (typeof callRelations)[number];

type Verdict = "allowed" | ErrorName;

const pairRelations = ["outsider", "stranger", "acquaintance", "friend", "blocker", "blocked", "service"] as const;
const groupRelations = ["none", "nonmember", "exmember", "member", "admin", "owner", "service"] as const;
const systemRelations = ["bystander", "recipient", "service"] as const;
const assistantRelations = ["none", "stranger", "owner", "service"] as const;
const callRelations = ["uninvolved", "caller", "callee"] as const;

const ok = "allowed";
const strange = "session.not_found";
const notFriends = "message.not_friends";
const block = "message.blocked";
const refused = "friend.blocked_by_other";
const unknown = "message.type_unknown";
const notYours = "message.not_yours";
const already = "friend.already";
const noFriend = "friend.not_found";
const noBlock = "friend.not_blocked";
const twice = "friend.blocked_already";
const none = "group.not_found";
const foreign = "group.not_member";
const admins = "group.not_admin";
const owners = "group.not_owner";
const taken = "common.conflict";
const inside = "group.already_member";
const muted = "group.muted";
const ownerIn = "group.owner_stays";
const adminIn = "group.admin_stays";
const handOver = "group.owner_must_transfer";
const invalid = "common.invalid";
const noEntry = "common.forbidden";
const noQr = "user.qrcode_unknown";
const noCall = "rtc.call_not_found";

// biome-ignore format: it reads as a table
const pairTable = {
  //                     outsider  stranger    acquaint.  friend    blocker   blocked   service
  "message.send":       [strange,  notFriends, ok,        ok,       block,    block,    ok],
  "message.announce":   [strange,  notFriends, unknown,   unknown,  block,    block,    ok],
  "message.edit":       [strange,  notFriends, ok,        ok,       block,    block,    ok],
  "message.recall_own": [strange,  ok,         ok,        ok,       ok,       ok,       ok],
  "message.recall_any": [strange,  notYours,   notYours,  notYours, notYours, notYours, ok],
  "message.pin":        [strange,  notFriends, ok,        ok,       block,    block,    ok],
  "message.react":      [strange,  notFriends, ok,        ok,       block,    block,    ok],
  "message.mark":       [strange,  ok,         ok,        ok,       ok,       ok,       ok],
  "message.type":       [strange,  notFriends, ok,        ok,       block,    block,    ok],
  "conversation.open":  [strange,  notFriends, ok,        ok,       block,    block,    ok],
  "conversation.view":  [strange,  ok,         ok,        ok,       ok,       ok,       ok],
  "call.invite":        [strange,  notFriends, ok,        ok,       block,    block,    ok],
  "friend.view":        [strange,  ok,         ok,        ok,       ok,       ok,       ok],
  "friend.request":     [strange,  ok,         ok,        already,  ok,       refused,  ok],
  "friend.accept":      [strange,  ok,         ok,        ok,       ok,       refused,  ok],
  "friend.reject":      [strange,  ok,         ok,        ok,       ok,       ok,       ok],
  "friend.delete":      [strange,  noFriend,   noFriend,  ok,       ok,       ok,       ok],
  "friend.block":       [strange,  ok,         ok,        ok,       twice,    ok,       ok],
  "friend.unblock":     [strange,  noBlock,    noBlock,   noBlock,  ok,       ok,       ok],
} as const satisfies Record<string, Verdicts<typeof pairRelations>>;

// biome-ignore format: it reads as a table
const groupTable = {
  //                          none  nonmember  exmember  member    admin    owner     service
  "message.send":            [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  /** Sending while the whole group is muted. */
  "message.send_while_muted": [none, foreign,  foreign,  muted,    ok,      ok,       ok],
  "message.announce":        [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  /** Mentioning everybody at once, by "all". */
  "message.mention_all":     [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  "message.edit":            [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  "message.recall_own":      [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  "message.recall_any":      [none, foreign,   foreign,  notYours, ok,      ok,       ok],
  "message.pin":             [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  "message.react":           [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  "message.mark":            [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  "message.type":            [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  "conversation.open":       [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  "conversation.view":       [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  "group.create":            [ok,   taken,     taken,    taken,    taken,   taken,    taken],
  "group.update":            [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  "group.invite":            [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  /** Where members may not invite. */
  "group.invite_reserved":   [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  /** Without the consent that joinVerify asks for. */
  "group.invite_freely":     [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  "group.join":              [none, ok,        ok,       inside,   inside,  inside,   ok],
  "group.decline":           [none, ok,        ok,       inside,   inside,  inside,   ok],
  /** A member has no invitation that waits any more: group.invitation_over. */
  "group.answer_invitation": [none, ok,        ok,       ok,       ok,      ok,       ok],
  "group.view_members":      [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  /** Where members may not list the members. */
  "group.view_members_reserved": [none, foreign, foreign, admins,  ok,      ok,       ok],
  /** Asking another member to be friends, as the group's member. */
  "group.befriend":          [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  /** Where members may not ask each other. */
  "group.befriend_reserved": [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  "group.view_qr":           [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  "group.refresh_qr":        [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  /** What a QR code shows of its group. */
  "group.scan":              [noQr, ok,        ok,       ok,       ok,      ok,       ok],
  "group.handle_request":    [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  "group.view_requests":     [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  "group.remove_member":     [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  "group.remove_admin":      [none, foreign,   foreign,  admins,   adminIn, ok,       ok],
  "group.remove_owner":      [none, foreign,   foreign,  admins,   ownerIn, ownerIn,  ownerIn],
  "group.mute_member":       [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  "group.mute_admin":        [none, foreign,   foreign,  admins,   owners,  ok,       ok],
  "group.mute_owner":        [none, foreign,   foreign,  admins,   owners,  invalid,  ok],
  "group.exit":              [none, foreign,   foreign,  ok,       ok,      handOver, ok],
  "group.transfer":          [none, foreign,   foreign,  owners,   owners,  ok,       ok],
  "group.set_role":          [none, foreign,   foreign,  owners,   owners,  ok,       ok],
  "group.nickname":          [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  "group.dissolve":          [none, foreign,   foreign,  owners,   owners,  ok,       ok],
  "assistant.add":           [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  "assistant.remove":        [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  /** Whoever addressed the assistant. */
  "reply.stop_own":          [none, foreign,   foreign,  ok,       ok,      ok,       ok],
  "reply.stop_any":          [none, foreign,   foreign,  admins,   ok,      ok,       ok],
  "reply.regenerate":        [none, foreign,   foreign,  ok,       ok,      ok,       ok],
} as const satisfies Record<string, Verdicts<typeof groupRelations>>;

// biome-ignore format: it reads as a table
const systemTable = {
  //                    bystander  recipient  service
  "message.send":      [strange,   noEntry,   ok],
  "message.pin":       [strange,   noEntry,   ok],
  "message.react":     [strange,   noEntry,   ok],
  "message.mark":      [strange,   ok,        ok],
  "message.type":      [strange,   noEntry,   ok],
  "conversation.open": [strange,   ok,        ok],
  "conversation.view": [strange,   ok,        ok],
} as const satisfies Record<string, Verdicts<typeof systemRelations>>;

/** A chat of one user with a model; "none": there is no such chat, or it was deleted. */
// biome-ignore format: it reads as a table
const assistantTable = {
  //                      none      stranger  owner  service
  "message.send":         [strange, strange,  ok,    ok],
  "message.edit":         [strange, strange,  ok,    ok],
  "message.recall_own":   [strange, strange,  ok,    ok],
  "message.recall_any":   [strange, strange,  ok,    ok],
  "message.pin":          [strange, strange,  ok,    ok],
  "message.react":        [strange, strange,  ok,    ok],
  "message.mark":         [strange, strange,  ok,    ok],
  "message.type":         [strange, strange,  ok,    ok],
  "conversation.open":    [strange, strange,  ok,    ok],
  "conversation.view":    [strange, strange,  ok,    ok],
  "chat.create":          [ok,      strange,  taken, taken],
  "chat.update":          [strange, strange,  ok,    ok],
  "chat.delete":          [strange, strange,  ok,    ok],
  "reply.stop_own":       [strange, strange,  ok,    ok],
  "reply.stop_any":       [strange, strange,  ok,    ok],
  "reply.regenerate":     [strange, strange,  ok,    ok],
} as const satisfies Record<string, Verdicts<typeof assistantRelations>>;

/** Decided by the user actor, which knows its own calls. */
// biome-ignore format: it reads as a table
const callTable = {
  //              uninvolved  caller   callee
  "call.view":   [noCall,     ok,      ok],
  "call.accept": [noCall,     noEntry, ok],
  "call.reject": [noCall,     noEntry, ok],
  "call.hangup": [noCall,     ok,      ok],
  "call.mode":   [noCall,     ok,      ok],
  /** A token for the call's room. */
  "call.token":  [noCall,     ok,      ok],
} as const satisfies Record<string, Verdicts<typeof callRelations>>;

type Verdicts<R extends readonly string[]> = { readonly [I in keyof R]: Verdict };
export type Operation =
  | keyof typeof pairTable
  | keyof typeof groupTable
  | keyof typeof systemTable
  | keyof typeof assistantTable
  | keyof typeof callTable;
export type Realm = "pair" | "group" | "system" | "assistant" | "call";
type Row = Readonly<Partial<Record<Relation, Verdict>>>;

const verdicts: Record<Realm, ReadonlyMap<string, Row>> = {
  pair: read(pairRelations, pairTable),
  group: read(groupRelations, groupTable),
  system: read(systemRelations, systemTable),
  assistant: read(assistantRelations, assistantTable),
  call: read(callRelations, callTable),
};

function read(relations: readonly Relation[], table: Record<string, readonly Verdict[]>): Map<string, Row> {
  const rows = Object.entries(table).map(([operation, row]): [string, Row] => [
    operation,
    Object.fromEntries(relations.map((relation, i) => [relation, row[i]!])),
  ]);
  return new Map(rows);
}

/** Throws the table's error. An operation that this realm does not know is common.invalid. */
export function authorize(realm: Realm, operation: Operation, relation: Relation): void {
  const verdict = decideVerdict(realm, operation, relation);
  if (verdict !== "allowed") throw new DomainError(verdict);
}

export function decideVerdict(realm: Realm, operation: Operation, relation: Relation): Verdict {
  return verdicts[realm].get(operation)?.[relation] ?? "common.invalid";
}

/** The whole table, cell by cell. */
export function listVerdicts(): { realm: Realm; operation: Operation; relation: Relation; verdict: Verdict }[] {
  return (Object.keys(verdicts) as Realm[]).flatMap((realm) =>
    [...verdicts[realm]].flatMap(([operation, row]) =>
      Object.entries(row).map(([relation, verdict]) => ({
        realm,
        operation: operation as Operation,
        relation: relation as Relation,
        verdict: verdict!,
      })),
    ),
  );
}
