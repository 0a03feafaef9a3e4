// Groups that the user was asked to join.
import type { GroupInvitation } from "../../../client/api/objects.ts";
import { t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Answers } from "./answers.tsx";

export function InvitationRow({ desk, invitation }: { desk: Desk; invitation: GroupInvitation }) {
  const { invitationId, groupId, groupName, inviterName } = invitation;
  const answer = async (isYes: boolean) => {
    await desk.client.api.groups.answerInvitation(invitationId, isYes);
    await Promise.all([desk.friends.load(), desk.chats.load()]);
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
      <Answers answer={answer} />
    </li>
  );
}
