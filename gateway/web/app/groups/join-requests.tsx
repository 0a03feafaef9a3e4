import type { JoinRequest } from "../../../client/api/objects.ts";
import { t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Button } from "../ui/button.tsx";

interface JoinRequestsProps {
  desk: Desk;
  groupId: string;
  requests: readonly JoinRequest[];
  attempt: (work: Promise<unknown>) => Promise<void>;
}

export function JoinRequests({ desk, groupId, requests, attempt }: JoinRequestsProps) {
  const pending = requests.filter(({ status }) => status === "pending");
  if (pending.length === 0) return null;
  const answer = (requestId: string, accept: boolean) =>
    void attempt(desk.client.api.groups.handleRequest(groupId, requestId, accept));
  return (
    <section>
      <h3>{t("group.requests")}</h3>
      <ul class="people">
        {pending.map(({ requestId, userId, message, userInfo: { nickname, avatar } }) => (
          <li key={requestId} class="person request" data-testid="join-request">
            <Avatar id={userId} name={nickname} src={avatar} />
            <span class="person-lines">
              <b>{nickname}</b>
              <small>{message}</small>
            </span>
            <Button kind="primary" onClick={() => answer(requestId, true)}>
              {t("friends.accept")}
            </Button>
            <Button onClick={() => answer(requestId, false)}>{t("friends.reject")}</Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
