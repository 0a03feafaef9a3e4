// The real actors, with every send counted in a ledger, and variants of them in which one rule is switched off.

import type { SendReader } from "../../actors/conversation/contract.ts";
import { createConversation } from "../../actors/conversation/conversation.ts";
import type { ConversationEvent } from "../../actors/conversation/model/events.ts";
import { type ConversationRules, defaultConversationRules } from "../../actors/conversation/model/rules.ts";
import type { AnyBehaviour } from "../../actors/runtime/contract.ts";
import { createSession } from "../../actors/session/session.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { user } from "../support/user-behaviour.ts";
import { ledgerKeys } from "./cast.ts";
import { Ledger, ledger } from "./ledger.ts";
import type { Weakness } from "./weaknesses.ts";

export function createBehaviours(
  sends: SendReader,
  weakness: Weakness | undefined,
  perUserFanoutMax: number,
  isClosed: (boot: string) => boolean,
): AnyBehaviour[] {
  const rules = { ...defaultConversationRules, requireFriend: false, perUserFanoutMax };
  const conversation = countedConversation(sends, rules, weakness === "no_dedupe");
  return [conversation, weakness === "cursor_reused" ? forgetfulSession() : createSession({ isClosed }), user, ledger];
}

function countedConversation(
  sends: SendReader,
  rules: ConversationRules,
  forgetsKeys: boolean,
): ReturnType<typeof createConversation> {
  const real = createConversation({ sends, rules, random: systemRandom });
  let sendsSeen = 0;
  return {
    ...real,
    commands: {
      ...real.commands,
      send(turn, input) {
        const emit = turn.emit.bind(turn);
        turn.emit = (event: ConversationEvent) => {
          emit(event);
          const key = event.type === "sent" && ledgerKeys.get(event.senderId);
          if (key) turn.tell(Ledger, key).count({ messageId: event.messageId });
        };
        sendsSeen += 1;
        const clientMsgId = forgetsKeys ? `${input.clientMsgId}~${sendsSeen}` : input.clientMsgId;
        return real.commands.send(turn, { ...input, clientMsgId });
      },
    },
  };
}

/** Gives the next answer the number of the device's last cursor once more. */
function forgetfulSession(): ReturnType<typeof createSession> {
  const real = createSession();
  return {
    ...real,
    commands: {
      ...real.commands,
      issueCursor(turn, input) {
        const stamp = turn.stamp.bind(turn);
        turn.stamp = () => turn.state.devices.get(input.deviceId)?.newest || stamp();
        return real.commands.issueCursor(turn, input);
      },
    },
  };
}
