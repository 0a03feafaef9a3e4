// A separate process that uses the NATS servers and may be paused or killed: a gateway that receives notifications, or a host
// that serves calls. startNatsProcess below starts it; the process reports each received notification or call as a line.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connectNats } from "../../infra/nats/connection.ts";
import { createNatsSource } from "../../infra/nats/source.ts";
import { createNatsTransport } from "../../infra/nats/transport.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { silentLog } from "./silent-log.ts";

type Task = { url: string; listenFor: string } | { url: string; serve: string };
/** ready · gap: the gateway may have missed something · told: `data.n` of a notification · called: the host has `n` calls. */
type Said = { what: "ready" | "gap" } | { what: "told" | "called"; n: unknown };

interface NatsProcess {
  readonly child: ChildProcess;
  readonly said: Said[];
  pause(): void;
  resume(): void;
  kill9(): Promise<void>;
}

export async function startNatsProcess(task: Task): Promise<NatsProcess> {
  const child = fork(new URL(import.meta.url).pathname, [JSON.stringify(task)], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  const said: Said[] = [];
  child.on("message", (message) => said.push(message as Said));
  await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => Promise.reject(new Error("it ended before it was ready"))),
  ]);
  return {
    child,
    said,
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    async kill9() {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

async function run(task: Task): Promise<void> {
  const log = silentLog;
  const connection = await connectNats({ urls: [task.url], name: "process", log });
  const say = (said: Said) => void process.send?.(said);
  if ("listenFor" in task) {
    const source = createNatsSource({ connection, clock: systemClock, log });
    source.onGap(() => say({ what: "gap" }));
    source.onNotification(({ data }) => say({ what: "told", n: data.n }));
    source.addUser(task.listenFor);
  } else {
    const transport = createNatsTransport({ connection, clock: systemClock, random: systemRandom, log });
    let calls = 0;
    transport.serve(task.serve, ({ method, input }) => {
      if (method === "echo") return Promise.resolve({ kind: "ok", value: input });
      say({ what: "called", n: ++calls });
      return new Promise(() => {}); // never answered
    });
  }
  await connection.client.flush();
  say({ what: "ready" });
  process.on("disconnect", () => process.exit(0)); // the test has ended
}

const given = process.argv[2];
if (process.send && import.meta.filename === process.argv[1] && given !== undefined)
  await run(JSON.parse(given) as Task);
