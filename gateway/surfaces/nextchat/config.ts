// The settings that clients ask for before a login, and administrators change.
import type { Validator } from "../../input/validate.ts";
import { anything } from "../../wire/shapes/fields.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { nextchat } from "../kit/surface.ts";
import { changeClientConfig, readClientConfig } from "./client-config.ts";

/** Any settings: the function that takes them checks those that it knows. */
const anySettings: Validator<unknown> = { shape: {}, parse: (value) => value };

const summary = "The settings of the system, with those that NextChat's pages ask for";

export const nextchatConfigRoutes: SurfaceRoute[] = [
  surfaceRoute({
    ...{ surface: nextchat, method: "GET", path: "/api/config", auth: "none" },
    summary,
    answers: anything,
    handle: ({ edge, call }) => readClientConfig({ edge, call }),
  }),
  // NextChat's own pages ask by POST.
  surfaceRoute({
    ...{ surface: nextchat, method: "POST", path: "/api/config", auth: "none" },
    summary,
    answers: anything,
    handle: ({ edge, call }) => readClientConfig({ edge, call }),
  }),
  surfaceRoute({
    surface: nextchat,
    method: "PUT",
    path: "/api/config",
    auth: "admin",
    summary: "Changes the settings that are given; null brings a default back",
    body: anySettings,
    answers: anything,
    handle: ({ body, edge, call }) => changeClientConfig({ edge, call }, body),
  }),
];
