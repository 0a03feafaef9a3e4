/** The credentials of the local stack's LiveKit, which listens on 127.0.0.1. They are public, so production refuses them. */
export const livekitKey = "devkey";
export const livekitSecret = "secret-of-the-local-stack-for-nobody-else";
