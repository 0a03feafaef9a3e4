import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import { SMTPServer } from "smtp-server";
import { DomainError, type ErrorName } from "../../actors/shared/errors.ts";
import { type CodesDeps, codeKeyOf, createCodes } from "../../infra/codes/codes.ts";
import { createMemoryCodeStore } from "../../infra/codes/memory-store.ts";
import { type CodeMessage, type CodeSender, routedSender, screenSender } from "../../infra/codes/sender.ts";
import { smsWebhookSender } from "../../infra/codes/sms-webhook-sender.ts";
import { smtpSender } from "../../infra/codes/smtp-sender.ts";
import { createLog } from "../../infra/observe/log.ts";
import { codesSuite } from "../suites/codes.ts";

codesSuite(test, "memory codes", async () => {
  let nowMs = 1_767_225_600_000;
  const store = createMemoryCodeStore({ nowMs: () => nowMs });
  const pass = async (passedMs: number): Promise<void> => {
    nowMs += passedMs;
  };
  return { east: store, west: store, pass, close: async () => {} };
});

const message: CodeMessage = { target: "alice@example.test", purpose: "login", code: "042517", expiresInMs: 300_000 };

function office(options: Partial<CodesDeps> = {}) {
  let nowMs = 1_000_000;
  const sent: CodeMessage[] = [];
  const lines: string[] = [];
  const codes = createCodes({
    sender: options.sender ?? { name: "test", send: async (each) => void sent.push(each) },
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {}, soon: setImmediate },
    log: createLog({ level: "debug", format: "json", write: (line) => lines.push(line) }),
    devCode: options.devCode,
    store: options.store,
    key: options.key,
  });
  return {
    ...codes,
    lines,
    pass: (ms: number) => {
      nowMs += ms;
    },
    async receive(target: string, purpose: CodeMessage["purpose"] = "register") {
      await codes.send({ target, purpose });
      return sent.at(-1)?.code ?? "";
    },
  };
}
async function refuses(t: ExecutionContext, work: Promise<unknown>, error: ErrorName) {
  const thrown = await t.throwsAsync(work, { instanceOf: DomainError });
  t.is(thrown?.error, error);
  return thrown;
}

test("a code works once, for its target and its purpose", async (t) => {
  const codes = office();
  const code = await codes.receive("Alice@Example.test");
  t.regex(code, /^\d{6}$/);
  await refuses(t, codes.verify({ target: "bob@example.test", purpose: "register", code }), "auth.code_wrong");
  await refuses(t, codes.verify({ target: "alice@example.test", purpose: "reset", code }), "auth.code_wrong");
  await codes.verify({ target: "alice@example.test", purpose: "register", code });
  await refuses(t, codes.verify({ target: "alice@example.test", purpose: "register", code }), "auth.code_expired");
});

test("a code expires after five minutes, and after five wrong tries", async (t) => {
  const codes = office();
  const late = await codes.receive("alice@example.test");
  codes.pass(300_000);
  await refuses(
    t,
    codes.verify({ target: "alice@example.test", purpose: "register", code: late }),
    "auth.code_expired",
  );
  const guessed = await codes.receive("alice@example.test");
  const wrong = guessed === "000000" ? "000001" : "000000";
  for (let tries = 0; tries < 5; tries += 1) {
    await refuses(
      t,
      codes.verify({ target: "alice@example.test", purpose: "register", code: wrong }),
      "auth.code_wrong",
    );
  }
  await refuses(
    t,
    codes.verify({ target: "alice@example.test", purpose: "register", code: guessed }),
    "auth.code_expired",
  );
});

test("a newer code replaces the older one", async (t) => {
  const codes = office();
  const older = await codes.receive("alice@example.test");
  codes.pass(60_000);
  const newer = await codes.receive("alice@example.test");
  if (older !== newer) {
    await refuses(
      t,
      codes.verify({ target: "alice@example.test", purpose: "register", code: older }),
      "auth.code_wrong",
    );
  }
  await codes.verify({ target: "alice@example.test", purpose: "register", code: newer });
});

test("a target gets one code a minute and five an hour, and the refusal says how long to wait", async (t) => {
  const codes = office();
  await codes.receive("alice@example.test");
  codes.pass(20_000);
  const early = await refuses(t, codes.receive("alice@example.test", "login"), "common.too_many");
  t.deepEqual(early?.details, { retryAfterMs: 40_000 });
  await codes.receive("bob@example.test");
  for (let sent = 1; sent < 5; sent += 1) {
    codes.pass(60_000);
    await codes.receive("alice@example.test");
  }
  codes.pass(60_000);
  const often = await refuses(t, codes.receive("alice@example.test"), "common.too_many");
  t.deepEqual(often?.details, { retryAfterMs: 3_600_000 - 20_000 - 5 * 60_000 });
  codes.pass(3_600_000);
  t.regex(await codes.receive("alice@example.test"), /^\d{6}$/);
});

test("a full or unreachable store answers unavailable, and old codes make room", async (t) => {
  let nowMs = 0;
  const store = createMemoryCodeStore({ nowMs: () => nowMs }, { maxTargets: 2 });
  const codes = office({ store });
  await codes.receive("alice@example.test");
  nowMs += 1_000;
  await codes.receive("bob@example.test");
  await refuses(t, codes.receive("carol@example.test"), "common.unavailable");
  nowMs += 3_599_000;
  t.regex(await codes.receive("carol@example.test"), /^\d{6}$/);
  nowMs += 500;
  await refuses(t, codes.receive("dave@example.test"), "common.unavailable");
});

test("gateways with one secret and one store accept each other's codes, and a gateway with another secret does not", async (t) => {
  const store = createMemoryCodeStore({ nowMs: () => 0 });
  const at = (secret: string) => office({ store, key: codeKeyOf(Buffer.from(secret)) });
  const input = { target: "alice@example.test", purpose: "register" } as const;
  const code = await at("one").receive(input.target);
  await refuses(t, at("other").verify({ ...input, code }), "auth.code_wrong");
  await at("one").verify({ ...input, code });
});

test("the development code is accepted for every target, only where it is switched on", async (t) => {
  const input = { target: "alice@example.test", purpose: "register", code: "123456" } as const;
  await office({ devCode: "123456" }).verify(input);
  await refuses(t, office().verify(input), "auth.code_wrong");
});

test("a sender that fails answers unavailable, logs without the code, and leaves no code behind", async (t) => {
  let tried = "";
  const sender: CodeSender = {
    name: "smtp",
    async send({ code }) {
      tried = code;
      throw new Error("connect ECONNREFUSED");
    },
  };
  const codes = office({ sender });
  await refuses(t, codes.send({ target: "alice@example.test", purpose: "login" }), "common.unavailable");
  t.regex(codes.lines.join(), /not sent.*ECONNREFUSED/);
  t.false(codes.lines.join().includes(tried));
  await refuses(t, codes.verify({ target: "alice@example.test", purpose: "login", code: tried }), "auth.code_wrong");
});

test("mail goes to addresses and SMS to numbers, and a missing channel is reported", async (t) => {
  const taken: string[] = [];
  const way = (name: string): CodeSender => ({
    name,
    send: async ({ target }) => void taken.push(`${name} ${target}`),
  });
  const both = routedSender({ mail: way("mail"), sms: way("sms") });
  await both.send(message);
  await both.send({ ...message, target: "+8613800138000" });
  t.deepEqual(taken, ["mail alice@example.test", "sms +8613800138000"]);
  await t.throwsAsync(routedSender({ sms: way("sms") }).send(message), { message: /SMTP_URL/ });
  await t.throwsAsync(routedSender({ mail: way("mail") }).send({ ...message, target: "+861" }), {
    message: /SMS_WEBHOOK_URL/,
  });
  const lines: string[] = [];
  await screenSender((line) => lines.push(line)).send(message);
  t.deepEqual(lines, ["Verification code for alice@example.test (login): 042517, valid for 5 minutes"]);
});

test("a real mail server gets one mail for the one address, with the code", async (t) => {
  const mails: { to: string[]; from: string; text: string }[] = [];
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    onAuth: ({ username, password }, _, done) =>
      username === "parley" && password === "s3cret" ? done(null, { user: username }) : done(new Error("refused")),
    onData(stream, { envelope }, done) {
      void text(stream).then((body) => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : "";
        mails.push({ to: envelope.rcptTo.map(({ address }) => address), from, text: body });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  const from = "Parley <no-reply@example.test>";
  const mail = smtpSender({ url: `smtp://parley:s3cret@127.0.0.1:${port}`, from });
  await mail.send(message);
  t.like(mails, [{ to: ["alice@example.test"], from: "no-reply@example.test" }]);
  t.regex(mails[0]?.text ?? "", /Subject: 042517 is your verification code/);
  t.regex(mails[0]?.text ?? "", /042517 is your code to log in/);

  await t.throwsAsync(mail.send({ ...message, target: "a@example.test, b@example.test" }));
  const stranger = smtpSender({ url: `smtp://parley:wrong@127.0.0.1:${port}`, from });
  await t.throwsAsync(stranger.send(message), { code: "EAUTH" });
  t.true(mails.every(({ to }) => to.length === 1));
  mail.close();
  stranger.close();
  await new Promise<void>((resolve) => server.close(resolve));
});

test("the SMS webhook gets the code with its token, and a refusal, a redirect or no answer is a failure", async (t) => {
  const requests: { body: unknown; authorization: string | undefined }[] = [];
  const server = createServer(async (request, response) => {
    requests.push({ body: JSON.parse(await text(request)), authorization: request.headers.authorization });
    if (request.url === "/refuses") response.writeHead(402).end();
    else if (request.url === "/moves") response.writeHead(307, { location: "/takes" }).end();
    else if (request.url === "/takes") response.writeHead(202).end("queued");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sms = { ...message, target: "+8613800138000" };
  await smsWebhookSender({ url: `${base}/takes`, token: "t0ken" }).send(sms);
  t.like(requests, [
    { body: { to: "+8613800138000", code: "042517", purpose: "login" }, authorization: "Bearer t0ken" },
  ]);
  await t.throwsAsync(smsWebhookSender({ url: `${base}/refuses` }).send(sms), { message: /answered 402/ });
  await t.throwsAsync(smsWebhookSender({ url: `${base}/moves` }).send(sms));
  await t.throwsAsync(smsWebhookSender({ url: `${base}/silent`, timeoutMs: 50 }).send(sms), { name: "TimeoutError" });
  t.is(requests.length, 4, "no redirect was followed");
  server.closeAllConnections();
  server.close();
});
