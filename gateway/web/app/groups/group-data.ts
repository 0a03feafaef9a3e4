// The data of a group: its fields, its members, and for owner and admins the join requests.
import { useEffect, useState } from "preact/hooks";
import type { Group, JoinRequest, Member } from "../../../client/api/objects.ts";
import { explain } from "../base/explain.ts";
import type { Desk } from "../model/desk.ts";
import { isManager } from "../model/roles.ts";

interface GroupData {
  readonly group: Group;
  readonly members: readonly Member[];
  readonly requests: readonly JoinRequest[];
}

/** Members shown; the others are found by their names. */
const maxShown = 200;

export function useGroup(desk: Desk, groupId: string) {
  const { groups } = desk.client.api;
  const [data, setData] = useState<GroupData>();
  const [error, setError] = useState<string>();
  const load = async () => {
    try {
      const [group, { members }] = await Promise.all([
        groups.get(groupId),
        groups.members(groupId, { pageSize: maxShown }),
      ]);
      const requests = isManager(group) ? await groups.joinRequests(groupId) : [];
      for (const { userId, nickname, avatar } of members) desk.people.learn(userId, nickname, avatar);
      setData({ group, members, requests });
      setError(undefined);
    } catch (thrown) {
      setError(explain(thrown));
    }
  };
  useEffect(() => {
    void load();
    const stops = [
      desk.client.on("changed", ({ id }) => id === `g_${groupId}` && void load()),
      desk.client.on("frame", ({ data: said }) => said?.type === "group.join_request" && void load()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [groupId]);
  return { data, error, load };
}
