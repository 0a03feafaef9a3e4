// Parts of queries to Temporal's index of workflows.

/** Workflows of one list. */
export const listMax = 1_000;

/** Quotes a value of a query. Ids come from clients, so quotes and backslashes are escaped. */
export function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
