// Models as members of a group.

import { DomainError } from "../../../actors/shared/errors.ts";
import { id } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { findAssistant } from "../../kit/assistants.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { type Route, route } from "../kit/route.ts";
import { groupOf } from "./groups.ts";

export const groupAssistantRoutes: Route[] = [
  route({
    method: "POST",
    path: "/groups/:id/assistants",
    auth: "user",
    summary: "Makes one of the caller's assistants a member: it answers when it is mentioned by its id, or quoted",
    body: schema<{ assistantId: string }>({ assistantId: id }, { example: { assistantId: "model-gpt-4o" } }),
    answers: nothing,
    does: ["assistant.add"],
    errors: ["llm.assistant_not_found"],
    async handle({ caller, params, body, edge, call }) {
      const { userId } = caller;
      const group = groupOf(edge, params.id);
      // The address and key of the caller's own upstream are not for others to use.
      const isShared = body.assistantId !== "own";
      const card = isShared ? await findAssistant(edge, userId, body.assistantId).catch(orAbsent) : undefined;
      // The group decides first: a stranger does not learn anything by an assistant that is not there.
      const { assistantId = "", ownerId = userId, name = "", avatar = "" } = card ?? {};
      return group.addAssistant({ userId, assistantId, ownerId, name, avatar }, call);
    },
  }),

  route({
    method: "DELETE",
    path: "/groups/:id/assistants/:assistantId",
    auth: "user",
    summary: "Removes a model from the group",
    answers: nothing,
    does: ["assistant.remove"],
    errors: ["llm.assistant_not_found"],
    handle: ({ caller, params, edge, call }) =>
      groupOf(edge, params.id).removeAssistant({ userId: caller.userId, assistantId: params.assistantId }, call),
  }),
];

/** The group refuses an empty id as llm.assistant_not_found, once it knows that the caller may add assistants. */
function orAbsent(error: unknown): undefined {
  if (error instanceof DomainError && error.kind === "not_found") return undefined;
  throw error;
}
