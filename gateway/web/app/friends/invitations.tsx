// Groups that the user was asked to join.
import { useState } from "preact/hooks";
import type { GroupInvitation } from "../../../client/api/objects.ts";
import { showFailure } from "../base/explain.ts";
import { t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Button } from "../ui/button.tsx";

export function InvitationRow({ desk, invitation }: { desk: Desk; invitation: GroupInvitation }) {
  const { invitationId, groupId, groupName, inviterName } = invitation;
  const [answered, setAnswered] = useState<boolean>();
  const answer = async (accept: boolean) => {
    if (answered !== undefined) return;
    setAnswered(accept);
    try {
      await desk.client.api.groups.answerInvitation(invitationId, accept);
      await Promise.all([desk.friends.load(), desk.chats.load()]);
    } catch (thrown) {
      showFailure(thrown);
    }
    setAnswered(undefined);
  };
  return (
    <li class="person request" data-testid="group-invitation">
      <Avatar id={`g_${groupId}`} name={groupName} kind="group" />
      <span class="person-lines">
        <b>{groupName}</b>
        <small>
          {inviterName} {t("group.invites")}
        </small>
      </span>
      <Button kind="primary" isBusy={answered === true} onClick={() => void answer(true)}>
        {t("friends.accept")}
      </Button>
      <Button isBusy={answered === false} onClick={() => void answer(false)}>
        {t("friends.reject")}
      </Button>
    </li>
  );
}
