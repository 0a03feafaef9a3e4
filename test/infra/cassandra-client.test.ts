// The code between callers and the driver, without a server: turns of reads, and repeated transactions.
import test from "ava";
import cassandra from "cassandra-driver";
import { createSession } from "../../infra/cassandra/client.ts";
import { transact } from "../../infra/cassandra/migrate.ts";
import { createReadTurns } from "../../infra/cassandra/read-turns.ts";

const { errors, types } = cassandra;
const soonMs = 40;

test("a read that the driver forgets frees its turn", async (t) => {
  let asked = 0;
  let isForgetful = true;
  const execute = async () => {
    asked += 1;
    return isForgetful ? await new Promise(() => {}) : { rows: ["row"] };
  };
  const turns = createReadTurns({ atOnce: 4, waitingMax: 100, answerMsMax: soonMs });
  const session = createSession({ execute } as never, soonMs, turns);
  const read = () => session.rows("SELECT mark FROM marks", []);
  for (let round = 0; round < 3; round += 1) {
    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, read));
    for (const outcome of outcomes) t.like(outcome, { status: "rejected", reason: { kind: "failed" } });
  }
  isForgetful = false;
  t.deepEqual(await read(), ["row"] as never);
  t.is(asked, 13);
});

test("a read whose caller gave up is not sent, and reads beyond the waiting limit are refused", async (t) => {
  const turns = createReadTurns({ atOnce: 1, waitingMax: 2, answerMsMax: soonMs });
  const asked: string[] = [];
  let goOn = () => {};
  const slow = turns(async () => {
    asked.push("slow");
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
  });
  const late = ["second", "third"].map((name) => turns(async () => asked.push(name)));
  await t.throwsAsync(
    turns(async () => asked.push("fourth")),
    { message: /2 reads already wait/ },
  );
  for (const outcome of await Promise.allSettled([slow, ...late])) t.is(outcome.status, "rejected");
  goOn();
  await turns(async () => asked.push("fifth"));
  t.deepEqual(asked, ["slow", "fifth"]);
});

test("a light-weight transaction that a busy node does not answer in time is repeated, also when several nodes were tried", async (t) => {
  const { writeTimeout, syntaxError } = types.responseErrorCodes;
  const late = new errors.ResponseError(writeTimeout, "Server timeout");
  const run = (...outcomes: unknown[]) => {
    const execute = async () => {
      const outcome = outcomes.shift();
      if (outcome !== undefined) throw outcome;
      return { wasApplied: () => true };
    };
    return transact({ execute } as never, "INSERT", [], 1);
  };
  t.true((await run(late, new errors.NoHostAvailableError({ "127.0.0.1:9042": late }))).wasApplied());
  // `throwsAsync` does not take the driver's errors for errors.
  const wrong = await run(late, new errors.ResponseError(syntaxError, "no such thing")).catch((error: Error) => error);
  t.like(wrong, { message: "no such thing" });
  const tooLate = await run(...Array.from({ length: 9 }, () => late)).catch((error: Error) => error);
  t.like(tooLate, { message: "Server timeout" });
});
