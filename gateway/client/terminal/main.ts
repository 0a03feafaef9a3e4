// `npm run chat -- --as alice [--with bob] [--url http://127.0.0.1:8080]`
import { parseArgs } from "node:util";
import { Chat } from "./chat.ts";
import { emailOf } from "./people.ts";
import { openScreen } from "./screen.ts";

const defaultUrl = "http://127.0.0.1:8080";
const devCode = "123456";
const usage = `npm run chat -- --as alice [options]
  --as NAME        your name: an account NAME@example.test is made at the first login, or your own e-mail address
  --with NAME      a user to talk to at once
  --url URL        the server, http://… or ws://… (default: ${defaultUrl})
  --password TEXT  default parley-2026
  --code TEXT      verification code of a first login (default: ${devCode}, of a server on its defaults)
  --device TEXT    device id; each name has one terminal unless you give another (default: terminal)`;

const { values } = readArguments();
if (!values.as || values.help) {
  console.log(usage);
  process.exit(values.help ? 0 : 1);
}

const baseUrl = readAddress();
const name = values.as.split("@")[0] ?? values.as;
const screen = openScreen(process.stdin, process.stdout, {
  line: (text) => chat.line(text),
  typing: () => chat.typing(),
  // A script at the end of its input waits until its lines are sent; somebody who presses Ctrl-C does not.
  ended: () => (process.stdin.isTTY ? void chat.quit() : chat.line("/quit")),
});
const chat = new Chat({
  baseUrl,
  account: {
    ...{ name, email: emailOf(values.as), password: values.password, verifyCode: values.code },
    deviceId: values.device,
  },
  with: values.with,
  screen,
  ended: (exitCode) => process.exit(exitCode),
});
try {
  await chat.start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        as: { type: "string" },
        with: { type: "string" },
        url: { type: "string", default: defaultUrl },
        password: { type: "string", default: "parley-2026" },
        code: { type: "string", default: devCode },
        device: { type: "string", default: "terminal" },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function readAddress(): string {
  const url = values.url.replace(/^ws/, "http").replace(/\/(ws)?$/, "");
  if (/^https?:\/\/./.test(url) && URL.canParse(url)) return url;
  return refuse(`--url ${values.url} is no http:// or ws:// address.`);
}

function refuse(why: string): never {
  console.error(`${why}\n\n${usage}`);
  process.exit(1);
}
