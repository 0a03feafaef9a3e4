// The activities of processes, with what this host gives them. The runner of the host and the worker on Temporal use the same.
import type { Objects } from "../../actors/file/objects.ts";
import type { Activities } from "../../actors/process/activity.ts";
import type { Reading } from "../../actors/reading/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { createSteps } from "../../workflows/process/steps.ts";
import type { FilesConfig } from "../config/files.ts";
import { createFilms } from "../films/ffmpeg.ts";
import { findPrograms } from "../films/find-programs.ts";
import { createContents } from "../images/sharp-contents.ts";
import { createImages } from "../images/sharp-images.ts";
import { processTimer } from "../system/clock.ts";
import type { ModelParts } from "./models.ts";
import type { OpenRelay } from "./relay.ts";
import { createStopSignals } from "./stop-signals.ts";
import type { World } from "./world.ts";

export function openSteps(parts: {
  actors: Actors;
  world: Pick<World, "createSource">;
  models: Pick<ModelParts, "directory" | "catalog" | "tokens">;
  relay: Pick<OpenRelay, "models" | "imageEdits">;
  reading: Reading;
  objects: Objects;
  files: FilesConfig;
}): Activities {
  const { actors, world, reading, objects } = parts;
  const { directory, catalog, tokens } = parts.models;
  const { models, imageEdits } = parts.relay;
  return createSteps({
    ...{ actors, reading, models, imageEdits, directory, catalog, tokens, objects },
    contents: createContents(parts.files),
    films: createFilms(findPrograms(parts.files.programPath)),
    ...{ images: createImages(), timer: processTimer },
    stops: createStopSignals(world.createSource()),
  });
}
