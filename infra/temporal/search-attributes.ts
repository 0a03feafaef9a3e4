// Registers the search attributes of our workflows, because Temporal refuses a workflow with an unknown attribute.
import type { Client, Connection } from "@temporalio/client";
import { searchAttributes } from "../../workflows/kit/search-attributes.ts";

// temporal.api.enums.v1.IndexedValueType
const indexedValueTypes = { TEXT: 1, KEYWORD: 2, INT: 3, DOUBLE: 4, BOOL: 5, DATETIME: 6, KEYWORD_LIST: 7 } as const;

/**
 * Adds the missing attributes. Temporal's services know them after some seconds; until then a workflow may still be refused.
 */
export async function registerSearchAttributes(client: Client): Promise<string[]> {
  const { operatorService } = client.connection as Connection;
  const { namespace } = client.options;
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = searchAttributes.filter(({ name }) => !Object.hasOwn(customAttributes ?? {}, name));
  if (missing.length === 0) return [];
  await operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, indexedValueTypes[type]])),
  });
  return missing.map(({ name }) => name);
}
