// Answers of models on the screen, line by line while they are written.
import type { HeldReply } from "../replica/replies.ts";
import type { Screen } from "./screen.ts";

interface AnswersDeps {
  readonly screen: Pick<Screen, "print" | "whisper">;
  /** The name of who answers in a conversation, and the conversation itself, when it is not the open one. */
  nameOf(sessionId: string): string;
  placeOf(sessionId: string): string;
}

/** A line without a break is shown in parts of so many characters, at a space. */
const maxLineChars = 100;
/** Replies whose text was shown; their messages are not shown again. */
const maxShown = 100;

export class Answers {
  readonly #deps: AnswersDeps;
  /** How much of each running reply was shown. */
  readonly #shown = new Map<string, number>();
  readonly #over: string[] = [];

  constructor(deps: AnswersDeps) {
    this.#deps = deps;
  }

  /** Was the text of this answer shown while it was written? */
  wasShown(content: unknown): boolean {
    const { replyId } = (content ?? {}) as { replyId?: unknown };
    return typeof replyId === "string" && this.#over.includes(replyId);
  }

  /** The newest reply of a conversation that is being written. */
  runningIn(sessionId: string, replies: { find(replyId: string): HeldReply | undefined }): HeldReply | undefined {
    const running = [...this.#shown.keys()].flatMap((replyId) => replies.find(replyId) ?? []);
    return running.findLast((reply) => reply.sessionId === sessionId);
  }

  take(reply: HeldReply, added: string | undefined): void {
    const { replyId, status, text } = reply;
    if (added === undefined) {
      if ((this.#shown.get(replyId) ?? 0) > 0) this.#deps.screen.whisper("* the answer begins again");
      this.#shown.set(replyId, 0);
      return;
    }
    const from = this.#shown.get(replyId) ?? 0;
    const isOver = status !== "running";
    const to = isOver ? text.length : lineEnd(text, from);
    this.#shown.set(replyId, to);
    if (to > from) this.#print(reply, text.slice(from, to).trimEnd(), from === 0);
    if (isOver) this.#end(reply);
  }

  #print({ sessionId }: HeldReply, lines: string, isFirst: boolean): void {
    if (lines === "") return;
    const { screen, nameOf, placeOf } = this.#deps;
    const [first = "", ...rest] = lines.split("\n");
    screen.print(isFirst ? `${nameOf(sessionId)}: ${first}${placeOf(sessionId)}` : `  ${first}`);
    for (const line of rest) screen.print(`  ${line}`);
  }

  #end({ replyId, status, error, text }: HeldReply): void {
    this.#shown.delete(replyId);
    if (text !== "") this.#over.push(replyId);
    if (this.#over.length > maxShown) this.#over.shift();
    if (status === "stopped") this.#deps.screen.whisper("* stopped");
    if (status === "failed") this.#deps.screen.print(`* no answer: ${error?.message ?? "it failed"}`);
  }
}

/** The end of the last whole line, or of a part of a long one. */
function lineEnd(text: string, from: number): number {
  const end = text.lastIndexOf("\n") + 1;
  if (end > from) return end;
  if (text.length - from < maxLineChars) return from;
  const space = text.lastIndexOf(" ") + 1;
  return space > from ? space : text.length;
}
