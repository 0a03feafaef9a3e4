// The kick policies that an operator chooses from, by the name of the preset.
import type { DeviceType } from "./contract.ts";

/** Kick policy is data: device classes × how many logins of a class × what happens to the next one (G8). */
export interface KickPolicy {
  /** Which device types share a class; a type in no class has its own, with one login. */
  classes: readonly DeviceClass[];
}
interface DeviceClass {
  name: string;
  types: readonly DeviceType[];
  maxLogins: number;
  onFull: "kick_oldest" | "refuse_new";
}

/** Programs log in without a device of their own, so no preset counts them with people's devices. */
const programs: DeviceClass = { name: "api", types: ["API"], maxLogins: 30, onFull: "kick_oldest" };
const people: readonly DeviceType[] = ["iOS", "Android", "Pad", "PC", "Web", "H5"];
const unlimited = Number.MAX_SAFE_INTEGER;

export const kickPresets = {
  one_per_class: presetOf(...classesOf(1)),
  one_per_type: presetOf(),
  single: presetOf(classOf("all", people, 1)),
  mobile_and_desktop: presetOf(
    classOf("mobile", ["iOS", "Android", "Pad"], 1),
    classOf("desktop", ["PC", "Web", "H5"], 1),
  ),
  one_mobile: presetOf(
    classOf("mobile", ["iOS", "Android", "Pad"], 1),
    classOf("desktop", ["PC", "Web", "H5"], unlimited),
  ),
  five_per_class: presetOf(...classesOf(5)),
  unlimited: presetOf(classOf("all", people, unlimited)),
  refuse_new: presetOf({ ...classOf("all", people, 1), onFull: "refuse_new" }),
} as const satisfies Record<string, KickPolicy>;

export type KickPreset = keyof typeof kickPresets;
export const defaultKickPreset: KickPreset = "one_per_class";

function classesOf(maxLogins: number): DeviceClass[] {
  return [
    classOf("phone", ["iOS", "Android"], maxLogins),
    classOf("pad", ["Pad"], maxLogins),
    classOf("desktop", ["PC"], maxLogins),
    classOf("web", ["Web", "H5"], maxLogins),
  ];
}

function classOf(name: string, types: readonly DeviceType[], maxLogins: number): DeviceClass {
  return { name, types, maxLogins, onFull: "kick_oldest" };
}

function presetOf(...classes: DeviceClass[]): KickPolicy {
  return { classes: [...classes, programs] };
}
