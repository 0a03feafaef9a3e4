// The step of a title: asks the model of the conversation for one, and sets it. A title that a person gave stays.

import type { TitleProcessInput } from "../../actors/conversation/assistant/replies.ts";
import { Conversation } from "../../actors/conversation/contract.ts";
import type { ModelDirectory, Models } from "../../actors/llm/contract.ts";
import type { Activities, StepContext } from "../../actors/process/activity.ts";
import type { Reading } from "../../actors/reading/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { cutText } from "../../actors/shared/cut-text.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { findAnswerer } from "../reply/answerer.ts";
import { findTargets, requestIdOf } from "../reply/model-request.ts";
import { plainText } from "../reply/pictures.ts";
import { transcriptOf } from "../reply/transcript.ts";
import { titleIn } from "./title-text.ts";

export interface TitleStepDeps {
  actors: Actors;
  reading: Pick<Reading, "history">;
  models: Models;
  directory: ModelDirectory;
}

/** Of the ledger's rows: a title has a request of its own. */
const endpoint = "/titles";
/** The first messages say what a conversation is about. */
const readMessages = 4;
const maxCharsPerMessage = 1_000;
/** A model that thinks needs some before it writes. */
const maxAnswerTokens = 500;
const instructions =
  "Write a title for this conversation, in its language: at most eight words, on one line, without quotes. Answer with the title alone.";

export function createTitleSteps(deps: TitleStepDeps): Activities {
  return { makeTitle: (input: TitleProcessInput, context) => makeTitle(deps, input, context) };
}

async function makeTitle(
  { actors, reading, models, directory }: TitleStepDeps,
  { conversationId, ownerId, surface: bookedAs }: TitleProcessInput,
  context: StepContext,
): Promise<{ isSet: boolean }> {
  const conversation = actors.get(Conversation, conversationId);
  const chat = await unlessDeleted(conversation.chat({ userId: ownerId }));
  if (chat?.titleBy !== "default") return { isSet: false };
  const asked = { userId: ownerId, conversationId, startSeq: 0, limit: readMessages, direction: "forward" } as const;
  const { messages } = await reading.history(asked);
  const question = { replyTo: "", replyToSeq: Number.MAX_SAFE_INTEGER, fromSeq: 1, isGroup: false };
  const spoken = transcriptOf(messages, { ...question, assistantId: chat.assistantId });
  const text = spoken
    .filter(({ content, role }) => content && role !== "system")
    .map(({ role, content }) => `${role}: ${cutText(plainText(content), maxCharsPerMessage)}`)
    .join("\n\n");
  if (text === "") return { isSet: false };

  const { signal } = context;
  const { assistantId } = chat;
  const assistantOf = { conversationId, payerId: ownerId, assistantId, assistantOwnerId: ownerId };
  const answerer = await findAnswerer(actors, assistantOf);
  const payer = { userId: ownerId };
  const { targets, model } = await findTargets(directory, payer, answerer);
  const end = await models.chat(
    {
      ...{
        requestId: requestIdOf(context),
        payer,
        surface: bookedAs ?? answerer.surface,
        endpoint,
        targets,
        conversationId,
        signal,
      },
      body: {
        model,
        messages: [
          { role: "system", content: instructions },
          { role: "user", content: text },
        ],
        max_tokens: maxAnswerTokens,
        stream: true,
      },
    },
    { attempt() {}, delta() {} },
  );
  if (signal.aborted) throw signal.reason;
  if (end.status !== "completed") throw new DomainError("llm.upstream_failed");
  const title = titleIn(end.text);
  return title === ""
    ? { isSet: false }
    : ((await unlessDeleted(conversation.setModelTitle({ title }))) ?? { isSet: false });
}

async function unlessDeleted<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DomainError && error.error === "session.not_found") return undefined;
    throw error;
  }
}
