// The formats, in the language of the page.
import {
  formatCount,
  formatDate,
  formatMoney,
  formatPeriod,
  formatRelative,
  formatShare,
  formatShort,
  formatShortTime,
  formatTime,
} from "./format.ts";
import { currentPrefs, t } from "./prefs.ts";

const language = () => (currentPrefs().language === "zh" ? "zh-CN" : "en-US");

export const count = (n: number) => formatCount(language(), n);
export const short = (n: number) => formatShort(language(), n);
export const money = (dollars: number) => formatMoney(language(), dollars);
export const share = (part: number) => formatShare(language(), part);
export const time = (iso: string) => formatTime(language(), iso);
export const shortTime = (iso: string) => formatShortTime(language(), iso);
export const date = (iso: string) => formatDate(language(), iso);
export const ago = (iso: string) => formatRelative(language(), iso, Date.now());
export const period = (iso: string, isHour: boolean) => formatPeriod(language(), iso, isHour);
export const duration = (ms: number) =>
  ms < 1_000 ? t("unit.ms", { n: count(ms) }) : t("unit.s", { n: (ms / 1_000).toFixed(1) });
