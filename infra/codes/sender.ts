// Ways to bring a code to its owner.
import { DomainError } from "../../actors/shared/errors.ts";
import type { CodePurpose } from "../../gateway/ports.ts";

export interface CodeMessage {
  /** E-mail address or phone number. */
  target: string;
  purpose: CodePurpose;
  code: string;
  expiresInMs: number;
}
/** Resolves when the next hop took the code; rejects when it did not within the sender's time-out. */
export interface CodeSender {
  readonly name: string;
  send(message: CodeMessage): Promise<void>;
}

/** Mail to addresses, SMS to numbers; a way that is not there answers common.unavailable. */
export function routedSender(ways: { mail?: CodeSender; sms?: CodeSender }): CodeSender {
  const names = [ways.mail?.name, ways.sms?.name].filter((name) => name !== undefined);
  return {
    name: [...new Set(names)].join(" and ") || "none",
    async send(message) {
      const isMail = message.target.includes("@");
      const way = isMail ? ways.mail : ways.sms;
      if (!way) {
        throw new DomainError("common.unavailable", {
          message: isMail ? "This server sends no mail (SMTP_URL)." : "This server sends no SMS (SMS_WEBHOOK_URL).",
        });
      }
      await way.send(message);
    },
  };
}

/** Development only: the code stands on the operator's screen. It goes around the log, which keeps no secret (G12). */
export function screenSender(print: (line: string) => void): CodeSender {
  return {
    name: "screen",
    async send({ target, purpose, code, expiresInMs }) {
      print(`Verification code for ${target} (${purpose}): ${code}, valid for ${expiresInMs / 60_000} minutes`);
    },
  };
}

export function codeText({ code, purpose, expiresInMs }: CodeMessage): { subject: string; text: string } {
  const aim = { register: "create your account", login: "log in", reset: "reset your password" }[purpose];
  return {
    subject: `${code} is your verification code`,
    text: `${code} is your code to ${aim}. It works once, within ${expiresInMs / 60_000} minutes. If you did not ask for it, ignore this message.`,
  };
}
