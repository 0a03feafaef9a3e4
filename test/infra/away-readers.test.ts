// What a store that is away looks like to those who read through it.
import test from "ava";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { askAgain, sayAway } from "../../infra/views/away-readers.ts";
import { StorageError } from "../../infra/views/storage-error.ts";

const away = new StorageError("failed", "Cassandra did not answer a read");
const bug = new TypeError("undefined is not a message");
const reader = (thrown: Error) => ({ find: (_id: string): Promise<number> => Promise.reject(thrown) });

test("an actor that has to look into views that are away is asked again, and nothing is parked", async (t) => {
  const troubles: unknown[] = [];
  const { find } = askAgain(reader(away), (_, cause) => troubles.push(cause));
  const error = await t.throwsAsync(find("1"), { instanceOf: RuntimeError });
  t.is(error.kind, "unreachable");
  t.is(error.cause, away);
  t.deepEqual(troubles, [away], "the operator is told");
});

test("at the edge the same is said as an error that may be tried again", async (t) => {
  const { find } = sayAway(reader(away), () => {});
  t.like(await t.throwsAsync(find("1"), { instanceOf: DomainError }), { error: "common.unavailable" });
});

test("a bug stays one", async (t) => {
  for (const read of [askAgain, sayAway]) {
    t.is(await t.throwsAsync(read(reader(bug), t.fail).find("1")), bug);
  }
});
