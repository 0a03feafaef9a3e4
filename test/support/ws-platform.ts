// The client's platform on Node, with the sockets of `ws`: tests pause them, look at their pings, or break them.
import { WebSocket } from "ws";
import { globalPlatform, type Platform, type PlatformSocket } from "../../gateway/client/base/platform.ts";

/** `deflate`: compression is offered to the server. */
export function wsPlatform({ deflate = true }: { deflate?: boolean } = {}): Platform {
  return {
    ...globalPlatform(),
    openSocket: (url, protocols) =>
      new WebSocket(url, [...protocols], { perMessageDeflate: deflate }) as unknown as PlatformSocket,
  };
}
