// The assistants that the caller may talk to, and those that the caller makes.
import { ModelSettings } from "../../../actors/models/contract.ts";
import { maxChars } from "../../../actors/shared/limits.ts";
import { optionalId, optionalText, text } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { cardOf, listAssistants } from "../../kit/assistants.ts";
import { limits } from "../../kit/rate-limit.ts";
import { assistantListShape, assistantShape } from "../../wire/shapes/assistant.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { type Route, route } from "../kit/route.ts";

interface AssistantBody {
  name: string;
  model: string;
  provider?: string;
  systemPrompt?: string;
  avatar?: string;
}

/** The actor has limits of its own, on the length of each text and on their number. */
const maxPromptChars = 32_000;
const assistantBody = schema<AssistantBody>(
  {
    name: { ...text(100), min: 1 },
    model: { ...text(200), min: 1 },
    provider: optionalId,
    systemPrompt: optionalText(maxPromptChars),
    avatar: optionalText(maxChars.url),
  },
  { example: { name: "Parrot", model: "gpt-4o-mini", systemPrompt: "Repeat what you hear." } },
);

export const assistantRoutes: Route[] = [
  route({
    method: "GET",
    path: "/assistants",
    auth: "user",
    limit: limits.assistants,
    summary:
      "The assistants that the caller may talk to: the system's models, the own one, and those that the caller made",
    answers: assistantListShape,
    async handle({ caller, edge }) {
      const assistants = await listAssistants(edge, caller.userId);
      return { assistants: assistants.map((card) => ({ ...card, capabilities: [...card.capabilities] })) };
    },
  }),

  route({
    method: "POST",
    path: "/assistants",
    auth: "user",
    limit: limits.assistants,
    summary: "Makes an assistant: a model with a name and a system prompt",
    body: assistantBody,
    answers: assistantShape,
    errors: ["llm.list_full"],
    async handle({ caller, body, edge, call }) {
      const made = await edge.actors.get(ModelSettings, caller.userId).putAssistant(settingsOf(body), call);
      return { ...cardOf(made), capabilities: [] };
    },
  }),

  route({
    method: "PUT",
    path: "/assistants/:id",
    auth: "user",
    limit: limits.assistants,
    summary: "Replaces an assistant of the caller: its next answers are made with the new settings",
    body: assistantBody,
    answers: assistantShape,
    errors: ["llm.assistant_not_found"],
    async handle({ caller, params, body, edge, call }) {
      const settings = { ...settingsOf(body), assistantId: params.id };
      const changed = await edge.actors.get(ModelSettings, caller.userId).putAssistant(settings, call);
      return { ...cardOf(changed), capabilities: [] };
    },
  }),

  route({
    method: "DELETE",
    path: "/assistants/:id",
    auth: "user",
    limit: limits.assistants,
    summary: "Deletes an assistant of the caller. Conversations with it stay, and their next messages are not answered",
    answers: nothing,
    errors: ["llm.assistant_not_found"],
    handle: ({ caller, params, edge, call }) =>
      edge.actors.get(ModelSettings, caller.userId).removeAssistant({ assistantId: params.id }, call),
  }),
];

function settingsOf({ name, model, provider, systemPrompt = "", avatar = "" }: AssistantBody) {
  const settings = { name, model, systemPrompt, avatar };
  return provider === undefined ? settings : { ...settings, provider };
}
