// Friends and the blacklist.

import { Conversation } from "../../../actors/conversation/contract.ts";
import { maxChars } from "../../../actors/shared/limits.ts";
import { User } from "../../../actors/user/contract.ts";
import { id, invalidField, optionalTime, pairWith, shownText } from "../../input/rules.ts";
import { msOfWireTime } from "../../input/times.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { blacklistShape, blockedShape, contactMatchesShape, friendListShape } from "../../wire/shapes/friend.ts";
import { itemsOf, splitItems, updateTimeOf } from "../kit/items.ts";
import { type Route, route } from "../kit/route.ts";
import { matchContacts } from "./contacts.ts";
import { blacklistOf, friendsOnWire } from "./friend-list.ts";

interface ContactsBody {
  contacts?: unknown[];
  phones?: unknown[];
}
const maxContactsPerCall = 200;
const contactList = { type: "array", max: maxContactsPerCall, items: "any", optional: true } as const;

export const friendRoutes: Route[] = [
  route({
    method: "GET",
    path: "/friends",
    auth: "user",
    summary:
      "The caller's friends; with lastUpdateTime the friends that changed since, and the ids of ended friendships",
    query: schema<{ lastUpdateTime?: number }>({ lastUpdateTime: optionalTime }),
    answers: friendListShape,
    async handle({ caller, query, edge, call }) {
      const sinceMs = msOfWireTime(query.lastUpdateTime ?? 0);
      const { items, full } = await itemsOf(edge, caller.userId, "friend", sinceMs, call);
      const { live, deletedIds } = splitItems(items);
      const friends = await friendsOnWire(edge, caller.userId, live, call);
      return { friends, total: friends.length, deletedIds, full, updateTime: updateTimeOf(items, sinceMs) };
    },
  }),

  route({
    method: "DELETE",
    path: "/friends/:id",
    auth: "user",
    summary: "Ends the friendship, for both",
    answers: nothing,
    does: ["friend.delete"],
    errors: ["user.not_found", "friend.self"],
    handle: ({ caller, params, edge, call }) =>
      edge.actors.get(Conversation, pairWith(caller.userId, params.id)).deleteFriend({ by: caller.userId }, call),
  }),

  route({
    method: "PUT",
    path: "/friends/:id/remark",
    auth: "user",
    summary: "Sets the name under which the caller sees a friend",
    body: schema<{ remark: string }>({ remark: shownText(maxChars.remark) }),
    answers: nothing,
    errors: ["friend.not_found"],
    handle: ({ caller, params, body, edge, call }) =>
      edge.actors.get(User, caller.userId).setRemark({ userId: params.id, remark: body.remark }, call),
  }),

  route({
    method: "GET",
    path: "/friends/blacklist",
    auth: "user",
    summary: "The users whom the caller has blocked",
    answers: blacklistShape,
    async handle({ caller, edge, call }) {
      const blacklist = await blacklistOf(edge, caller.userId, call);
      return { blacklist, total: blacklist.length };
    },
  }),

  route({
    method: "POST",
    path: "/friends/blacklist",
    auth: "user",
    summary: "Blocks a user",
    body: schema<{ userId: string }>({ userId: id }),
    answers: blockedShape,
    does: ["friend.block"],
    errors: ["user.not_found", "friend.self", "friend.blacklist_full"],
    async handle({ caller, body, edge, call }) {
      const pair = edge.actors.get(Conversation, pairWith(caller.userId, body.userId));
      const { blockedAtMs } = await pair.block({ by: caller.userId }, call);
      return { userId: body.userId, blockedAt: blockedAtMs };
    },
  }),

  route({
    method: "DELETE",
    path: "/friends/blacklist/:id",
    auth: "user",
    summary: "Unblocks a user",
    answers: nothing,
    does: ["friend.unblock"],
    errors: ["user.not_found", "friend.self"],
    handle: ({ caller, params, edge, call }) =>
      edge.actors.get(Conversation, pairWith(caller.userId, params.id)).unblock({ by: caller.userId }, call),
  }),

  route({
    method: "POST",
    path: "/friends/contacts",
    auth: "user",
    limit: limits.contacts,
    summary:
      "Finds users by the phone numbers and e-mail addresses of an address book; only with contactsConsent are hashes of them kept",
    body: schema<ContactsBody>(
      { contacts: contactList, phones: contactList },
      { example: { contacts: [{ phone: "+4930123456", name: "Bob" }] } },
    ),
    answers: contactMatchesShape,
    async handle({ caller, body, edge, call }) {
      const contacts = [...(body.contacts ?? []), ...(body.phones ?? [])];
      if (contacts.length > maxContactsPerCall) throw invalidField("contacts", `at most ${maxContactsPerCall} in all`);
      const matches = await matchContacts(edge, caller.userId, contacts, call);
      return { matches, total: matches.length };
    },
  }),
];
