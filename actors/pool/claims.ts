// What a token says about itself. Its signature is the upstream's business: nothing here is trusted for more than dates and names.
import { decodeBase64 } from "../shared/base64.ts";

/** The claims of a JSON web token; empty for any other text. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload, , more] = token.split(".");
  if (payload === undefined || more !== undefined) return {};
  try {
    const bytes = decodeBase64(payload.replaceAll("-", "+").replaceAll("_", "/"));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The last second that a date can have. */
const maxSeconds = 8_640_000_000_000;

/** When the token expires, in ms, by its own claim. */
export function expiryOf(token: string): number | undefined {
  const { exp } = claimsOf(token);
  return typeof exp === "number" && exp >= 0 && exp <= maxSeconds ? Math.floor(exp * 1_000) : undefined;
}
