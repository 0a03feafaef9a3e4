import { createTransport } from "nodemailer";
import { type CodeSender, codeText } from "./sender.ts";

const connectTimeoutMs = 5_000;
const answerTimeoutMs = 10_000;
const maxConnections = 4; // more mails wait in nodemailer's queue, each within the gateway's deadline

/**
 * `url` is `smtp://user:password@host:port` or `smtps://…`. A plain connection is upgraded to TLS when the server offers
 * STARTTLS.
 */
export function smtpSender(options: { url: string; from: string }): CodeSender & { close(): void } {
  const transport = createTransport(
    {
      url: options.url,
      pool: true,
      maxConnections,
      connectionTimeout: connectTimeoutMs,
      greetingTimeout: connectTimeoutMs,
      socketTimeout: answerTimeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from: options.from },
  );
  return {
    name: "smtp",
    async send(message) {
      // An address object, so that a comma in the target cannot add a second receiver.
      await transport.sendMail({ to: { name: "", address: message.target }, ...codeText(message) });
    },
    close() {
      transport.close();
    },
  };
}
