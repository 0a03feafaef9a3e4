/** Redis refused this host at start-up. The message names the server, without its password. */
export class RedisMissingError extends Error {
  override name = "RedisMissingError";
}
