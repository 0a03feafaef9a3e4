// Assembles tool calls from the pieces of a stream. Upstreams number parallel calls all with 0, not at all, or with gaps, and
// repeat id and name on every piece: a piece that carries another id than the call of its index begins a call.
import type { Delta, ToolCall } from "./chat.ts";

export interface ToolCallPiece {
  index?: number | null;
  id?: string | null;
  type?: string | null;
  function?: { name?: string | null; arguments?: string | null } | null;
}
export type AssembledCall = ToolCall;

/** The pieces do not say which call they belong to, so that no valid calls come out. */
export class AmbiguousToolCall extends Error {
  override name = "AmbiguousToolCall";
}

interface Call {
  id: string;
  name: string;
  arguments: string;
}

export interface ToolCalls {
  /** What the piece adds, with the dense index of its call; undefined: nothing. */
  add(piece: ToolCallPiece): (Delta & { type: "tool_call" }) | undefined;
  /** Every call in order, `{}` for none arguments. Throws AmbiguousToolCall. */
  finish(): readonly AssembledCall[];
}

export function createToolCalls(): ToolCalls {
  const calls: Call[] = [];
  /** The upstream's index → the newest call under it. */
  const byIndex = new Map<number, number>();

  function callOf({ index, id, function: piece }: ToolCallPiece): number {
    const known = typeof index === "number" ? byIndex.get(index) : calls.length - 1;
    const current = known === undefined ? undefined : calls[known];
    const isSame = current !== undefined && (!id || current.id === "" || current.id === id);
    // An upstream without ids begins a call by another name.
    const isNamedAnew = !id && current?.id === "" && !!piece?.name && current.name !== "" && current.arguments !== "";
    if (isSame && !isNamedAnew && known !== undefined) return known;
    const again = id ? calls.findIndex((call) => call.id === id) : -1;
    const at = again === -1 ? calls.push({ id: "", name: "", arguments: "" }) - 1 : again;
    if (typeof index === "number") byIndex.set(index, at);
    return at;
  }

  return {
    add(piece) {
      const at = callOf(piece);
      const call = calls[at];
      if (!call) return undefined;
      const delta: Delta & { type: "tool_call" } = { type: "tool_call", index: at };
      if (piece.id && call.id === "") delta.id = call.id = piece.id;
      const { name, arguments: more } = piece.function ?? {};
      if (name && call.name === "") delta.name = call.name = name;
      if (more) {
        delta.arguments = more;
        call.arguments += more;
      }
      const isEmpty = delta.id === undefined && delta.name === undefined && delta.arguments === undefined;
      return isEmpty ? undefined : delta;
    },
    finish: () =>
      calls.map((call, index) => ({
        id: call.id || `call_${index}`,
        type: "function",
        function: { name: call.name, arguments: wholeArguments(call) },
      })),
  };
}

function wholeArguments({ name, arguments: text }: Call): string {
  if (text.trim() === "") return "{}";
  if (name === "") throw new AmbiguousToolCall("a tool call has no name");
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new AmbiguousToolCall(`the arguments of ${name} are no JSON`, { cause });
  }
  return text;
}
