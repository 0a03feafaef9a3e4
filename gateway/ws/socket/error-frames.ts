import type { Envelopes } from "../../kit/envelope.ts";
import type { Languages } from "../../kit/languages.ts";
import { encodeFrame } from "../wire/encode.ts";
import type { Wishes } from "./upgrade.ts";

interface Receiver {
  readonly userId: string;
  readonly wishes: Pick<Wishes, "language">;
  send(json: string): void;
}

/** Sends ERROR in the language of the user. */
export class ErrorFrames {
  readonly #envelopes: Pick<Envelopes, "errorFrame">;
  readonly #languages: Pick<Languages, "inLanguageOf">;

  constructor(deps: { envelopes: Pick<Envelopes, "errorFrame">; languages: Pick<Languages, "inLanguageOf"> }) {
    this.#envelopes = deps.envelopes;
    this.#languages = deps.languages;
  }

  send(to: Receiver, thrown: unknown, msgId: string | undefined): void {
    this.#languages.inLanguageOf(to.userId, to.wishes.language, (language) => {
      const { data, ...head } = this.#envelopes.errorFrame(thrown, language, msgId);
      to.send(encodeFrame("ERROR", data, head));
    });
  }
}
