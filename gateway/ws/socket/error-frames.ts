import { DomainError } from "../../../actors/shared/errors.ts";
import type { Envelopes } from "../../kit/envelope.ts";
import type { Language, Languages } from "../../kit/languages.ts";
import { encodeFrame } from "../wire/encode.ts";
import type { Wishes } from "./upgrade.ts";

interface Receiver {
  readonly userId: string;
  readonly wishes: Pick<Wishes, "language">;
  send(json: string): void;
}

/**
 * Sends ERROR in the language of the user. The answer to a malformed frame does not wait until the user's language is known,
 * because the socket may be closed next.
 */
export class ErrorFrames {
  readonly #envelopes: Pick<Envelopes, "errorFrame">;
  readonly #languages: Pick<Languages, "inLanguageOf">;

  constructor(deps: { envelopes: Pick<Envelopes, "errorFrame">; languages: Pick<Languages, "inLanguageOf"> }) {
    this.#envelopes = deps.envelopes;
    this.#languages = deps.languages;
  }

  send(to: Receiver, thrown: unknown, msgId: string | undefined): void {
    const send = (language: Language): void => {
      const { data, ...head } = this.#envelopes.errorFrame(thrown, language, msgId);
      to.send(encodeFrame("ERROR", data, head));
    };
    if (thrown instanceof DomainError && thrown.error === "gateway.malformed") send(to.wishes.language);
    else this.#languages.inLanguageOf(to.userId, to.wishes.language, send);
  }
}
