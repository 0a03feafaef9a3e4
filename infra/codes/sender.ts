// Senders of verification codes: by channel (mail or SMS), and to the standard output in development.
import { DomainError } from "../../actors/shared/errors.ts";
import type { CodePurpose } from "../../gateway/ports.ts";

export interface CodeMessage {
  /** E-mail address or phone number. */
  target: string;
  purpose: CodePurpose;
  code: string;
  expiresInMs: number;
}
/** `send` resolves when the next server has accepted the code, and rejects when it did not within the sender's time-out. */
export interface CodeSender {
  readonly name: string;
  send(message: CodeMessage): Promise<void>;
}

/** Sends mail to e-mail addresses and SMS to phone numbers. A channel without a sender answers common.unavailable. */
export function routedSender(senders: { mail?: CodeSender; sms?: CodeSender }): CodeSender {
  const names = [senders.mail?.name, senders.sms?.name].filter((name) => name !== undefined);
  return {
    name: [...new Set(names)].join(" and ") || "none",
    async send(message) {
      const isMail = message.target.includes("@");
      const sender = isMail ? senders.mail : senders.sms;
      if (!sender) {
        throw new DomainError("common.unavailable", {
          message: isMail
            ? "This server sends no mail: SMTP_URL is not set."
            : "This server sends no SMS: SMS_WEBHOOK_URL is not set.",
        });
      }
      await sender.send(message);
    },
  };
}

/** For development only: prints the code to the standard output. Not to the log, because the log contains no secret (G12). */
export function screenSender(print: (line: string) => void): CodeSender {
  return {
    name: "screen",
    async send({ target, purpose, code, expiresInMs }) {
      print(`Verification code for ${target} (${purpose}): ${code}, valid for ${expiresInMs / 60_000} minutes`);
    },
  };
}

export function codeText({ code, purpose, expiresInMs }: CodeMessage): { subject: string; text: string } {
  const aim = {
    register: "create your account",
    login: "log in",
    reset: "reset your password",
    bind: "confirm this address",
  }[purpose];
  return {
    subject: `${code} is your verification code`,
    text: `${code} is your code to ${aim}. It works once, within ${expiresInMs / 60_000} minutes. If you did not ask for it, ignore this message.`,
  };
}
