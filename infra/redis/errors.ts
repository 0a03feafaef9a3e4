/** No Redis answered when the host started; the message names the server, without its password. */
export class RedisMissingError extends Error {
  override name = "RedisMissingError";
}
