// What a surface says of its socket.
import type { DomainError } from "../../../actors/shared/errors.ts";
import type { Watcher } from "../../kit/user-feed.ts";
import type { Edge } from "../../rest/kit/route.ts";
import type { Principal } from "../kit/principal.ts";
import type { Viewer } from "./viewer.ts";

/** What a socket does after its login; it is shown the user's notifications. */
export interface Talk extends Watcher {
  /** `text`: the frame as it came. */
  received(frame: unknown, text: string): void;
  /** The client sent what is no JSON, or is too deep. */
  malformed(error: DomainError): void;
  /** The socket is closed, by either side. */
  closed?(): void;
}

export interface Opening {
  viewer: Viewer;
  /** Who opened it, a login or with `takesKeys` a program, while its token or key is good. Throws what `authenticate` throws. */
  authenticates(): Promise<Principal>;
  edge: Edge;
  /** The last part of the path. */
  id: string;
  query: URLSearchParams;
  /** This server, as the client addressed it: scheme, host and port. */
  base: string;
  /** The sockets of the same user at this gateway, this one left out. */
  others(): Iterable<Talk>;
}

export interface SurfaceSocket {
  /** Programs may open it with an `sk-` key. */
  readonly takesKeys?: true;
  /** The last part of a path without prefix and query; undefined for the path of another socket. */
  idIn(path: string): string | undefined;
  /** Throws DomainError. */
  open(opening: Opening): Promise<Talk>;
  closeCodeOf(error: DomainError): number;
}
