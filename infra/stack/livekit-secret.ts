/** For this machine alone: LiveKit listens on 127.0.0.1. Everybody knows it, so production refuses it (`infra/config/config.ts`). */
export const livekitKey = "devkey";
export const livekitSecret = "secret-of-the-local-stack-for-nobody-else";
