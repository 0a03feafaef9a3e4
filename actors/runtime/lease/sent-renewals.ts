/** A renewal that was sent; its lease counts from here (J5.1). */
export interface SentRenewal {
  readonly value: string;
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Renewals that have not come back yet, oldest first. More are on their way only while none comes back: the oldest go. */
const maxSent = 32;

export class SentRenewals {
  #sent: SentRenewal[] = [];

  add(renewal: SentRenewal): void {
    this.#sent.push(renewal);
    if (this.#sent.length > maxSent) this.#sent.shift();
  }

  /** The renewal that came back; those sent before it are forgotten. Undefined: it is none of ours. */
  take(value: string): SentRenewal | undefined {
    const at = this.#sent.findIndex((sent) => sent.value === value);
    return at < 0 ? undefined : this.#sent.splice(0, at + 1).at(-1);
  }
}
