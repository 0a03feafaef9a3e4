// Lines in, lines out. On a terminal with a prompt that stays below what arrives; in a script plain lines.
import { createInterface } from "node:readline";

export interface Screen {
  print(line: string): void;
  /** Of less weight: receipts, presence, typing. */
  whisper(line: string): void;
  prompt(text: string): void;
  close(): void;
}

export function openScreen(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  events: { line(text: string): void; typing(): void; ended(): void },
): Screen {
  const isTerminal = Boolean(input.isTTY && output.isTTY);
  const lines = createInterface({ input, output: isTerminal ? output : undefined, terminal: isTerminal });
  lines.on("line", (text) => {
    // What was typed comes back as a message with its receipt: the echo would show it twice.
    if (isTerminal) output.write("\u001b[1A\u001b[2K");
    events.line(text);
    if (isTerminal) lines.prompt();
  });
  lines.on("close", () => events.ended());
  if (isTerminal) input.on("keypress", () => lines.line !== "" && !lines.line.startsWith("/") && events.typing());

  const print = (line: string) => {
    if (!isTerminal) {
      output.write(`${line}\n`);
      return;
    }
    output.write(`\r\u001b[2K${line}\n`);
    lines.prompt(true);
  };
  return {
    print,
    whisper: (line) => print(isTerminal ? `\u001b[2m${line}\u001b[22m` : line),
    prompt(text) {
      lines.setPrompt(text);
      if (isTerminal) lines.prompt(true);
    },
    close: () => lines.close(),
  };
}
