// A response of /v1/responses as it is kept: its events while it runs in the background, and the whole of it at its end, for the
// caller who made it. Key: the response's id.
import { contract } from "../runtime/contract.ts";

/** As OpenAI names it. */
export type ResponseStatus = "in_progress" | "completed" | "incomplete" | "failed" | "cancelled";

/** Where the upstream has the response, for requests that go on from it. */
export interface UpstreamPlace {
  upstreamId: string;
  credentialId?: string;
}

export interface StoredEvent {
  /** `sequence_number` of the event. */
  seq: number;
  /** The event as it is sent, with the blank line at its end. */
  text: string;
}

export interface ResponseView {
  status: ResponseStatus;
  isBackground: boolean;
  /** JSON of the response. */
  body: string;
  events: readonly StoredEvent[];
  place?: UpstreamPlace;
}

/** ms; then a response is forgotten. */
export const responseKeptMs = 7 * 24 * 3_600_000;
/** ms without a sign of the host that runs a response; then the response has failed. */
export const responseLostMs = 20_000;
/** Bytes (UTF-8) of a response; a larger one is not kept. */
export const maxResponseBytes = 300_000;
/** Bytes (UTF-8) of the events of one response; further ones are not kept. */
export const maxEventsBytes = 2_000_000;
/** Bytes of one append. */
export const maxAppendBytes = 200_000;

interface ResponseCommands {
  /** A response that runs in the background. `body`: what is shown until it ends. */
  begin(input: { owner: string; boot: string; body: string }): null;
  /** Also a sign of life. `isOver`: the response was cancelled or removed, and its run has to end. */
  append(input: { events: readonly StoredEvent[] }): { isOver: boolean };
  /** The end: of a response that runs, or of one that ran with its client. The first end counts. */
  finish(input: { owner: string; status: ResponseStatus; body: string; place?: UpstreamPlace }): null;
  /** Throws llm.response_not_found for another owner, and common.conflict for a response that ran with its client. */
  cancel(input: { owner: string }): ResponseView;
  remove(input: { owner: string }): null;
}
interface ResponseQueries {
  /** Events after `afterSeq`. Throws llm.response_not_found for another owner. */
  read(input: { owner: string; afterSeq?: number }): ResponseView;
}
export const StoredResponse = contract<ResponseCommands, ResponseQueries>("response");
