/** Of the stack's LiveKit, which listens on 127.0.0.1. Everybody knows the secret, so production refuses it. */
export const livekitKey = "devkey";
export const livekitSecret = "secret-of-the-local-stack-for-nobody-else";
