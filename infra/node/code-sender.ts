// Chooses the senders of verification codes by configuration.
import { type CodeSender, routedSender, screenSender } from "../codes/sender.ts";
import { smsWebhookSender } from "../codes/sms-webhook-sender.ts";
import type { Config } from "../config/config.ts";
import type { Lifecycle } from "./lifecycle.ts";

/**
 * Mail by SMTP and SMS by webhook where they are configured. Otherwise codes are printed in development, and refused in
 * production.
 */
export async function openCodeSender({ codes, production }: Config, lifecycle: Lifecycle): Promise<CodeSender> {
  const screen = production ? undefined : screenSender((line) => console.log(line));
  let mail = screen;
  if (codes.smtpUrl) {
    // Loaded only when mail is configured, because a start without it is faster.
    const { smtpSender } = await import("../codes/smtp-sender.ts");
    const sender = smtpSender({ url: codes.smtpUrl, from: codes.mailFrom });
    await lifecycle.start({ name: "mail", stop: () => sender.close() });
    mail = sender;
  }
  const sms = codes.smsWebhookUrl
    ? smsWebhookSender({ url: codes.smsWebhookUrl, token: codes.smsWebhookToken })
    : screen;
  return routedSender({ mail, sms });
}
