// The life of one socket: connecting → authenticating → syncing → open → closing.
import type { Caller } from "../../auth/authenticator.ts";
import type { DeviceClaim } from "./upgrade.ts";

export type ConnectionState =
  /** No token has come yet. `claim`: what the URL says about the device. */
  | { readonly kind: "connecting"; readonly sinceMs: number; readonly claim: DeviceClaim }
  /** The session actor is being asked. `caller` is set once the token's signature was checked. */
  | { readonly kind: "authenticating"; readonly caller: Caller | undefined }
  /** CONNECT_ACK was sent; the device is being brought to the present. */
  | { readonly kind: "syncing"; readonly caller: Caller }
  | { readonly kind: "open"; readonly caller: Caller }
  /** Final. `caller` stays for the reports about the closed socket. */
  | { readonly kind: "closing"; readonly caller: Caller | undefined };

export type ConnectionEvent =
  | { readonly type: "token_came" }
  | { readonly type: "token_read"; readonly caller: Caller }
  | { readonly type: "acknowledged" }
  | { readonly type: "caught_up" }
  | { readonly type: "token_renewed"; readonly expiresAtMs: number }
  | { readonly type: "closed" };

/** An event that does not apply to the state changes nothing: a closing socket stays closing, whatever is answered late. */
export function transition(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  switch (event.type) {
    case "token_came":
      return state.kind === "connecting" ? { kind: "authenticating", caller: undefined } : state;
    case "token_read":
      return state.kind === "authenticating" ? { kind: "authenticating", caller: event.caller } : state;
    case "acknowledged":
      return state.kind === "authenticating" && state.caller ? { kind: "syncing", caller: state.caller } : state;
    case "caught_up":
      return state.kind === "syncing" ? { kind: "open", caller: state.caller } : state;
    case "token_renewed": {
      if (state.kind !== "syncing" && state.kind !== "open") return state;
      return { kind: state.kind, caller: { ...state.caller, expiresAtMs: event.expiresAtMs } };
    }
    case "closed":
      return { kind: "closing", caller: callerOf(state) };
  }
}

export function callerOf(state: ConnectionState): Caller | undefined {
  return state.kind === "connecting" ? undefined : state.caller;
}
