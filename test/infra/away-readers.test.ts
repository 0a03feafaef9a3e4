// What callers get from readers whose store does not answer.
import test from "ava";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { orUnavailable, orUnreachable } from "../../infra/views/away-readers.ts";
import { StorageError } from "../../infra/views/storage-error.ts";

const away = new StorageError("failed", "Cassandra did not answer a read");
const bug = new TypeError("undefined is not a message");
const reader = (thrown: Error) => ({ find: (_id: string): Promise<number> => Promise.reject(thrown) });

test("an actor that reads views which do not answer is called again, and its command is not dead-lettered", async (t) => {
  const reports: unknown[] = [];
  const { find } = orUnreachable(reader(away), (_, cause) => reports.push(cause));
  const error = await t.throwsAsync(find("1"), { instanceOf: RuntimeError });
  t.is(error.kind, "unreachable");
  t.is(error.cause, away);
  t.deepEqual(reports, [away], "the cause is reported to operators");
});

test("a gateway that reads views which do not answer gets common.unavailable", async (t) => {
  const { find } = orUnavailable(reader(away), () => {});
  t.like(await t.throwsAsync(find("1"), { instanceOf: DomainError }), { error: "common.unavailable" });
});

test("any other error of a reader is passed on unchanged", async (t) => {
  for (const read of [orUnreachable, orUnavailable]) {
    t.is(await t.throwsAsync(read(reader(bug), t.fail).find("1")), bug);
  }
});
