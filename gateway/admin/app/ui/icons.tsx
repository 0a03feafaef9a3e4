import { commonPaths, Strokes } from "../../../browser/kit/icons.tsx";

const paths = {
  ...commonPaths,
  dashboard: "M4 13h6V4H4zM14 20h6V11h-6zM4 20h6v-3H4zM14 4v3h6V4z",
  keys: "M15 9a4 4 0 1 0-3.9 4L12 14h2v2h2v2h4v-3.2l-5.2-5.2A4 4 0 0 0 15 9zM10.2 8.8h.01",
  tokens:
    "M4 7c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 7v5c0 1.7 3.6 3 8 3s8-1.3 8-3V7M4 12v5c0 1.7 3.6 3 8 3s8-1.3 8-3v-5",
  logs: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M13 7a2 2 0 1 0 4 0 2 2 0 1 0-4 0M7 17a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
  screen: "M3 5h18v11H3zM8 20h8M12 16v4",
  upload: "M12 16V5M7 9l5-5 5 5M4 20h16",
  right: "M9 5l7 7-7 7",
  chart: "M4 20V10M10 20V4M16 20v-7M21 20H3",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return <Strokes path={paths[name]} />;
}
