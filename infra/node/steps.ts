// The activities of processes, with what this host gives them. The runner of the host and the worker on Temporal use the same.
import type { Objects } from "../../actors/file/objects.ts";
import type { Activities } from "../../actors/process/activity.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Log } from "../../gateway/ports.ts";
import { createSteps } from "../../workflows/process/steps.ts";
import type { Config } from "../config/config.ts";
import { createImages } from "../images/sharp-images.ts";
import { createErrorReportLog } from "../observe/error-report-log.ts";
import { processTimer, systemClock } from "../system/clock.ts";
import type { ModelParts } from "./models.ts";
import { openReading } from "./reading.ts";
import type { OpenRelay } from "./relay.ts";
import { createStopSignals } from "./stop-signals.ts";
import type { World } from "./world.ts";

export function openSteps(
  config: Config,
  parts: {
    actors: Actors;
    world: World;
    models: Pick<ModelParts, "directory" | "catalog" | "tokens">;
    relay: Pick<OpenRelay, "models" | "imageEdits">;
    objects: Objects;
    log: Log;
  },
): Activities {
  const { actors, world, objects, log } = parts;
  const { directory, catalog, tokens } = parts.models;
  const { models, imageEdits } = parts.relay;
  const reportError = createErrorReportLog(log, systemClock);
  return createSteps({
    ...{ actors, models, imageEdits, directory, catalog, tokens, objects, images: createImages(), timer: processTimer },
    reading: openReading(config, world, actors, reportError).reading,
    stops: createStopSignals(world.createSource()),
  });
}
