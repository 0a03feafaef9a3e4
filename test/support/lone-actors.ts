// Actors of several kinds without a runtime: a command to another actor arrives when its turn is over.
import { Process } from "../../actors/process/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { AnyBehaviour } from "../../actors/runtime/contract.ts";
import type { Kind } from "../../actors/runtime/kinds.ts";
import { LoneActor } from "./lone-actor.ts";

// biome-ignore lint/suspicious/noExplicitAny: actors of any kind
type AnyLoneActor = LoneActor<any, any, any, any>;

export class LoneActors implements Actors {
  nowMs = Date.UTC(2026, 0, 1);
  readonly #behaviours: Partial<Record<Kind, AnyBehaviour>>;
  readonly #actors = new Map<string, AnyLoneActor>();

  constructor(behaviours: Partial<Record<Kind, AnyBehaviour>>) {
    this.#behaviours = behaviours;
  }

  get: Actors["get"] = (({ kind }: { kind: Kind }, key: string) =>
    new Proxy(
      {},
      {
        get: (_, method: string) =>
          method === "then" ? undefined : async (input: unknown) => this.#call(kind, key, method, input),
      },
    )) as Actors["get"];

  actor(kind: Kind, key: string): AnyLoneActor {
    const id = `${kind}/${key}`;
    let actor = this.#actors.get(id);
    if (!actor) {
      const behaviour = this.#behaviours[kind];
      if (!behaviour) throw new Error(`There is no kind ${kind} here`);
      actor = new LoneActor(behaviour, key, this.nowMs) as AnyLoneActor;
      this.#actors.set(id, actor);
    }
    actor.nowMs = this.nowMs;
    return actor;
  }

  /** Runs the due turn of every actor that has one. */
  wakeAll(): void {
    for (const id of [...this.#actors.keys()]) {
      const [kind = "", key = ""] = [id.slice(0, id.indexOf("/")), id.slice(id.indexOf("/") + 1)];
      const actor = this.actor(kind as Kind, key);
      if (actor.wake()) this.#deliver(actor);
    }
  }

  /** The keys of all processes that were started. */
  processes(): string[] {
    return [...this.#actors.keys()].filter((id) => id.startsWith(`${Process.kind}/`)).map((id) => id.slice(8));
  }

  #call(kind: Kind, key: string, method: string, input: unknown): unknown {
    const actor = this.actor(kind, key);
    if (Object.hasOwn(this.#behaviours[kind]?.queries ?? {}, method)) return actor.ask(method, input as never);
    const answer = actor.run(method, input as never);
    this.#deliver(actor);
    return answer;
  }

  #deliver(actor: AnyLoneActor): void {
    for (const { kind, key, method, input } of actor.told) this.#call(kind as Kind, key, method, input);
  }
}
