// What gpt-tokenizer's table says of OpenAI's models.
import type { ModelFacts } from "../../../actors/models/catalog.ts";

export type ModelSpecs = (model: string) => Omit<ModelFacts, "price"> | undefined;

export async function loadOpenAiSpecs(): Promise<ModelSpecs> {
  const specs = (await import("gpt-tokenizer/models.gen")) as unknown as Readonly<Record<string, Spec | undefined>>;
  return (model) => {
    const spec = Object.hasOwn(specs, model) ? specs[model] : undefined;
    if (!spec) return undefined;
    const { context_window: contextTokens, max_output_tokens: maxOutputTokens } = spec;
    return {
      ...(contextTokens && { contextTokens }),
      ...(maxOutputTokens && { maxOutputTokens }),
      capabilities: {
        vision: spec.modalities.input.includes("image"),
        tools: spec.supported_features?.includes("function_calling") === true,
        reasoning: spec.reasoning_tokens === true,
        images: spec.modalities.output.includes("image"),
        embeddings: spec.supported_endpoints.includes("embeddings"),
      },
    };
  };
}

interface Spec {
  modalities: { input: readonly string[]; output: readonly string[] };
  context_window?: number;
  max_output_tokens?: number;
  supported_endpoints: readonly string[];
  supported_features?: readonly string[];
  reasoning_tokens?: boolean;
}
