import type { Clock, Mark, Views } from "../ports.ts";

type Marks = ReadonlyMap<number, Mark>;

const keptMs = 200;

/** Marks, read once for all shards that are taken within `keptMs`. An older mark costs a longer tail, nothing else. */
export class MarksReader {
  #views: Pick<Views, "marks">;
  #clock: Clock;
  #last: { marks: Promise<Marks>; atMs: number } | undefined;

  constructor(views: Pick<Views, "marks">, clock: Clock) {
    this.#views = views;
    this.#clock = clock;
  }

  async read(shard: number): Promise<Mark | undefined> {
    return (await this.#readAll()).get(shard);
  }

  #readAll(): Promise<Marks> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#last && nowMs - this.#last.atMs < keptMs) return this.#last.marks;
    const marks = this.#views.marks().then((all) => new Map(all.map((mark) => [mark.shard, mark])));
    const kept = { marks, atMs: nowMs };
    this.#last = kept;
    marks.catch(() => {
      if (this.#last === kept) this.#last = undefined;
    });
    return marks;
  }
}
