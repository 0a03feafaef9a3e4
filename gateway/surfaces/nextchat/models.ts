// The models that the caller may ask.
import type { ListedModel } from "../../../actors/models/catalog.ts";
import { optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { anything, choice, count, list, object, text } from "../../wire/shapes/fields.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { nextchat } from "../kit/surface.ts";

const modelShape = object(
  {
    ...{ id: text(200), object: choice("model"), created: count("seconds since 1970"), owned_by: text(100) },
    ...{ provider: text(50), capabilities: anything, limits: anything },
  },
  "SurfaceModel",
);

export const nextchatModelRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: nextchat,
    method: "GET",
    path: "/api/models",
    auth: "key",
    summary: "The models that the system offers, with what they can do and how much they read and write",
    query: schema<{ provider?: string }>({ provider: optionalText(50) }),
    answers: object({ object: choice("list"), data: list(modelShape) }),
    async handle({ query: { provider }, edge }) {
      const listed = (await edge.models?.catalog.list()) ?? [];
      const wanted = provider === undefined ? listed : listed.filter((model) => model.provider === provider);
      return { object: "list" as const, data: wanted.map(onWire) };
    },
  }),
];

function onWire({ id, createdS, ownedBy, provider, capabilities, contextTokens, maxOutputTokens }: ListedModel) {
  return {
    ...{ id, object: "model" as const, created: createdS, owned_by: ownedBy, provider, capabilities },
    limits: { context_tokens: contextTokens ?? null, max_output_tokens: maxOutputTokens ?? null },
  };
}
