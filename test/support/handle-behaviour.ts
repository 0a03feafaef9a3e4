// The behaviour of handles with the default rules.
import { createHandle } from "../../actors/handle/registry/handle.ts";
import { noSensitiveWords } from "../../actors/shared/sensitive-words.ts";

export const handle = createHandle({ sensitiveWords: noSensitiveWords });
