import type { Contract, Handle } from "./contract.ts";

/** The way to actors, for every caller: `actors.get(Conversation, id).send({...}, { deadlineMs })`. */
export interface Actors {
  get<C, Q>(contract: Contract<C, Q>, key: string): Handle<C, Q>;
}
