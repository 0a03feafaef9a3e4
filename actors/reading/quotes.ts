// Quotes: the messages that the messages of one answer reply to, as the viewer sees them now. They are read at each answer, so
// that a recall or an edit shows in every quote, and nothing of the old text stays anywhere. Messages without `replyTo` cost
// nothing.
import { quoteOf } from "../conversation/chat/quote.ts";
import type { StoredMessage } from "../conversation/contract.ts";
import { mapBounded } from "../shared/map-bounded.ts";
import type { ReadingDeps } from "./deps.ts";
import { findIn } from "./find-message.ts";
import { withNames } from "./names.ts";
import { readRange } from "./rows.ts";
import { canSee, type View, withoutSecrets } from "./view.ts";

/** `names`: of the quoted senders, as of now or as of their sending. */
export async function withQuotes<M extends StoredMessage>(
  deps: ReadingDeps,
  view: View,
  messages: readonly M[],
  names: "now" | "sent",
): Promise<M[]> {
  const answering = messages.filter(hasQuote);
  if (answering.length === 0) return [...messages];
  const here = new Map(messages.map((message) => [message.messageId, message as StoredMessage]));
  const wanted = new Map(answering.map((message) => [message.replyTo!, message]));
  const read = await mapBounded([...wanted.values()], deps.limits.maxConcurrentAsks, async (message) => {
    return here.get(message.replyTo!) ?? readQuoted(deps, view, message);
  });
  const visible = read.filter(
    (message) => message !== undefined && message.seq >= view.quotesFromSeq,
  ) as StoredMessage[];
  const named = names === "now" ? await withNames(deps, visible) : visible;
  const quotes = new Map(named.map((message) => [message.messageId, quoteOf(message)]));
  return messages.map((message) => {
    const quote = hasQuote(message) ? quotes.get(message.replyTo!) : undefined;
    return quote ? { ...message, quote } : message;
  });
}

/** An answer in a chat with a model follows its question, and quotes nothing. A message that is gone shows nothing at all. */
function hasQuote({ replyTo, content, contentType, conversationId }: StoredMessage): boolean {
  if (replyTo === undefined || content === null) return false;
  return contentType !== "assistant" || !conversationId.startsWith("a_");
}

async function readQuoted(
  deps: ReadingDeps,
  view: View,
  { replyTo, replySeq }: StoredMessage,
): Promise<StoredMessage | undefined> {
  // Messages of older releases name only the id.
  if (replySeq === undefined) return findIn(deps, view, replyTo!);
  if (!canSee(view, replySeq)) return undefined;
  const [message] = await readRange(deps, view, replySeq, replySeq);
  return message && withoutSecrets(view, message);
}
