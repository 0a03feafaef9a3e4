import { type CodeSender, codeText } from "./sender.ts";

const answerTimeoutMs = 5_000;

/** POSTs `{to, code, purpose, text}` as JSON to the operator's address. Any 2xx status means that the SMS was accepted. */
export function smsWebhookSender(options: { url: string; token?: string; timeoutMs?: number }): CodeSender {
  const authorization = options.token ? { authorization: `Bearer ${options.token}` } : {};
  return {
    name: "sms webhook",
    async send(message) {
      const { target, code, purpose } = message;
      const response = await fetch(options.url, {
        method: "POST",
        headers: { "content-type": "application/json", ...authorization },
        body: JSON.stringify({ to: target, code, purpose, text: codeText(message).text }),
        redirect: "error", // the code must reach no other address than the configured one
        signal: AbortSignal.timeout(options.timeoutMs ?? answerTimeoutMs),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the SMS webhook answered ${response.status}`);
    },
  };
}
