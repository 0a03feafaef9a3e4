import test from "ava";
import { killedReplies } from "../suites/killed-replies.ts";

test("a server that is killed while models answer ends every reply after its start, once", (t) => killedReplies(t, {}));
