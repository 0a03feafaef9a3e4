// Several new users of a chat at once, in the order of their names: `const [alice, bob] = await people(chat, "alice", "bob")`.
import { Person } from "./person.ts";

interface ChatAt {
  readonly port: number;
}
type OnePerName<Names extends readonly string[]> = { [Index in keyof Names]: Person };

/** Registers a user for each name. */
export async function people<Names extends string[]>(at: ChatAt, ...names: Names): Promise<OnePerName<Names>> {
  return (await Promise.all(names.map((name) => Person.registers(at, name)))) as OnePerName<Names>;
}

/** Registers a user for each name, each with an open socket. */
export async function connected<Names extends string[]>(at: ChatAt, ...names: Names): Promise<OnePerName<Names>> {
  const all = await people(at, ...names);
  await Promise.all(all.map((person) => person.connects()));
  return all;
}
