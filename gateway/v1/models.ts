// GET /v1/models and /v1/models/{id}.

import type { Catalog, ListedModel } from "../../actors/models/catalog.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { Exchange } from "./exchange.ts";

export async function listModels(catalog: Catalog, exchange: Exchange): Promise<void> {
  const data = (await catalog.list()).map(rowOf);
  exchange.json(200, JSON.stringify({ object: "list", data }));
}

export async function showModel(catalog: Catalog, exchange: Exchange, id: string): Promise<void> {
  const model = (await catalog.list()).find((each) => each.id === id);
  if (!model) throw new DomainError("llm.model_unknown");
  exchange.json(200, JSON.stringify(rowOf(model)));
}

function rowOf({ id, createdS, ownedBy }: ListedModel): object {
  return { id, object: "model", created: createdS, owned_by: ownedBy };
}
