// Creates conversations and calls in which a user has a given relation, by ordinary requests.

import type { Relation } from "../../../actors/shared/authorization.ts";
import { pairId } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";
import { eventually } from "../../suites/eventually.ts";
import { Person } from "../person.ts";
import type { TestNode } from "../start-node.ts";

/** "dissolved" is not in the table: requests to a dissolved group get the same answer for everybody. */
export type Standing = Relation | "dissolved";

export interface Place {
  realm: "pair" | "group" | "system" | "assistant" | "call";
  standing: Standing;
  conversationId: string;
  /** The user who makes the request. */
  caller: Person;
  /** A user who sees the conversation in any case. */
  witness: Person;
  /** A message by the caller, where they could write one; otherwise a message by another user. */
  ownMessageId: string;
  otherMessageId: string;
  /** A pending request: to the caller of a pair, or to join the group. */
  requestId: string;
  /** A reply in a chat with a model. */
  replyId?: string;
  /** The id of the group or of the call; for a pair, the user id of the other user. */
  id: string;
  people: Record<string, Person>;
}

const groupRoles = ["owner", "admin", "otherAdmin", "member", "target", "exmember", "nonmember", "applicant"] as const;
type Cast = Record<(typeof groupRoles)[number], Person>;
const groupsPerCast = 20;
/** A well-formed id that does not exist. */
const noId = "4503599627370001";

export class Stage {
  readonly node: TestNode;
  #cast: Cast | undefined;
  #groupCount = 0;

  constructor(node: TestNode) {
    this.node = node;
  }

  /** New users after some groups, so that the users' lists stay short. */
  async #people(): Promise<Cast> {
    if (this.#cast === undefined || this.#groupCount % groupsPerCast === 0) {
      const people = await Promise.all(groupRoles.map((role) => Person.registers(this.node, role)));
      this.#cast = Object.fromEntries(groupRoles.map((role, i) => [role, people[i]!])) as Cast;
    }
    this.#groupCount += 1;
    return this.#cast;
  }

  async sets(realm: Place["realm"], standing: Standing): Promise<Place> {
    if (realm === "pair") return this.#pair(standing);
    if (realm === "call") return this.#call(standing);
    if (realm === "assistant") return this.#assistant(standing);
    return realm === "group" ? this.#group(standing) : this.#system(standing);
  }

  /** A friendship with a message by each user, then changed to the given standing. */
  async #pair(standing: Standing): Promise<Place> {
    const isOutside = standing === "outsider";
    const names = isOutside ? ["alice", "bob", "eve"] : ["alice", "bob"];
    const [alice, bob, eve] = (await Promise.all(names.map((name) => Person.registers(this.node, name)))) as [
      Person,
      Person,
      Person,
    ];
    await bob.befriends(alice);
    const conversationId = pairId(alice.userId, bob.userId);
    const ownMessageId = await writes(alice, conversationId);
    const otherMessageId = await writes(bob, conversationId);
    let requestId = await lastRequest(alice);
    if (standing !== "friend" && !isOutside) {
      await must(alice.deletes(`/friends/${bob.userId}`));
      await must(bob.posts("/friends/requests", { userId: alice.userId }));
      requestId = await lastRequest(alice);
    }
    if (standing === "blocker") await must(alice.posts("/friends/blacklist", { userId: bob.userId }));
    if (standing === "blocked") await must(bob.posts("/friends/blacklist", { userId: alice.userId }));
    const people: Record<string, Person> = { alice, bob };
    const caller = isOutside ? eve : alice;
    const messages = { ownMessageId, otherMessageId, requestId };
    return { realm: "pair", standing, conversationId, caller, witness: bob, ...messages, id: bob.userId, people };
  }

  /** A ringing call between two friends. The user who makes the request is one of them, or is not involved. */
  async #call(standing: Standing): Promise<Place> {
    const pair = await this.#pair(standing === "uninvolved" ? "outsider" : "friend");
    const { alice, bob } = pair.people as { alice: Person; bob: Person };
    const [from, to] = standing === "callee" ? [bob, alice] : [alice, bob];
    const { host } = this.node.node;
    if (!host) throw new Error("The stage cannot be set: this node has no actors");
    const { actors } = host;
    const { callId } = await actors.get(User, from.userId).newCallId({});
    const startedMs = Date.now();
    const { conversationId } = pair;
    const line = { callId, callType: "audio", conversationId, roomName: "room", startedMs } as const;
    const ringUntilMs = startedMs + 600_000;
    await actors.get(User, from.userId).beginCall({ ...line, ringUntilMs, role: "caller", peerId: to.userId });
    await actors.get(User, to.userId).beginCall({ ...line, ringUntilMs, role: "callee", peerId: from.userId });
    return { ...pair, realm: "call", standing, id: callId };
  }

  async #group(standing: Standing): Promise<Place> {
    const cast = await this.#people();
    const { owner, admin, otherAdmin, member, target, exmember, applicant } = cast;
    const invited = [admin, otherAdmin, member, target, exmember].map(({ userId }) => userId);
    const made = await must(owner.posts("/groups", { name: "the group", memberIds: invited, joinVerify: true }));
    const id = String(made.groupId);
    const conversationId = `g_${id}`;
    await must(owner.posts(`/groups/${id}/admins`, { userIds: [admin.userId, otherAdmin.userId] }));
    const callers: Partial<Record<Standing, Person>> = { ...cast, none: member, dissolved: owner };
    const caller = callers[standing]!;
    const isMember = standing !== "nonmember" && standing !== "none";
    const otherMessageId = await writes(caller === otherAdmin ? admin : otherAdmin, conversationId);
    const ownMessageId = isMember ? await writes(caller, conversationId) : otherMessageId;
    await must(exmember.posts(`/groups/${id}/exit`));
    const { requestId } = await must(applicant.posts(`/groups/${id}/join`));
    if (standing === "dissolved") await must(owner.deletes(`/groups/${id}`));
    const place: Place = {
      ...{ realm: "group", standing, conversationId, caller, witness: owner, ownMessageId, otherMessageId },
      ...{ requestId: String(requestId), id, people: cast },
    };
    if (standing !== "none") return place;
    const nothing = { ownMessageId: noId, otherMessageId: noId, requestId: noId };
    return { ...place, ...nothing, id: noId, conversationId: `g_${noId}` };
  }

  /** A chat of the owner with a model, with a message and its answer: an answer that comes later would be a trace. */
  async #assistant(standing: Standing): Promise<Place> {
    const { owner, nonmember } = await this.#people();
    const made = await must(owner.posts("/sessions", { assistantId: "model-parrot" }));
    const chatId = String(made.sessionId);
    const question = { sessionId: chatId, contentType: "text", content: "remembered words" };
    const { messageId, replyId } = await must(owner.posts("/messages", question));
    await eventually(async () => (await owner.history(chatId)).length === 2);
    const caller = standing === "owner" ? owner : nonmember;
    const isThere = standing !== "none";
    const ownMessageId = isThere ? String(messageId) : noId;
    return {
      ...{ realm: "assistant", standing, caller, witness: owner, requestId: noId, people: {} },
      ...{ conversationId: isThere ? chatId : `a_${noId}`, id: isThere ? chatId : `a_${noId}` },
      ...{ ownMessageId, otherMessageId: ownMessageId, ...(isThere && { replyId: String(replyId) }) },
    };
  }

  async #system(standing: Standing): Promise<Place> {
    const { owner, nonmember } = await this.#people();
    const caller = standing === "recipient" ? owner : nonmember;
    const messages = { ownMessageId: noId, otherMessageId: noId, requestId: noId };
    const conversationId = `sys_${owner.userId}`;
    return { realm: "system", standing, conversationId, caller, witness: owner, ...messages, id: noId, people: {} };
  }
}

export async function must<T>(answer: Promise<{ code: number; message: string; data: T }>): Promise<T> {
  const { code, message, data } = await answer;
  if (code !== 0) throw new Error(`The stage cannot be set: ${code} ${message}`);
  return data;
}

async function writes(who: Person, sessionId: string): Promise<string> {
  const made = await must(who.posts("/messages", { sessionId, contentType: "text", content: "remembered words" }));
  return String(made.messageId);
}

async function lastRequest(who: Person): Promise<string> {
  const { requests } = await must(who.gets<{ requests: { requestId: string }[] }>("/friends/requests?type=received"));
  return requests[0]?.requestId ?? "";
}
