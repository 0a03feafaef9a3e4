import test from "ava";
import { createCalendar } from "../../infra/system/calendar.ts";

const { endsOf, isZone } = createCalendar();
const at = (iso: string) => Date.parse(iso);
const ends = (zone: string, iso: string) => {
  const { dayEndsAtMs, monthEndsAtMs } = endsOf(zone, at(iso));
  return [new Date(dayEndsAtMs).toISOString(), new Date(monthEndsAtMs).toISOString()];
};

test("a day ends at the midnight of its zone", (t) => {
  t.deepEqual(ends("UTC", "2026-02-28T23:59:59.999Z"), ["2026-03-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z"]);
  t.deepEqual(ends("UTC", "2026-03-01T00:00:00.000Z"), ["2026-03-02T00:00:00.000Z", "2026-04-01T00:00:00.000Z"]);
  t.deepEqual(ends("Asia/Shanghai", "2026-12-31T15:59:00Z"), ["2026-12-31T16:00:00.000Z", "2026-12-31T16:00:00.000Z"]);
  t.deepEqual(ends("Asia/Kathmandu", "2026-05-05T00:00:00Z"), ["2026-05-05T18:15:00.000Z", "2026-05-31T18:15:00.000Z"]);
});

test("days of 23 and 25 hours end when they end", (t) => {
  t.is(ends("Europe/Berlin", "2026-03-29T00:30:00Z")[0], "2026-03-29T22:00:00.000Z");
  t.is(ends("Europe/Berlin", "2026-10-25T00:30:00Z")[0], "2026-10-25T23:00:00.000Z");
  t.is(ends("America/New_York", "2026-11-01T05:30:00Z")[0], "2026-11-02T05:00:00.000Z");
});

test("a day without a midnight begins at its first moment", (t) => {
  // Cairo sets its clocks forward at midnight: 24 April 2026 begins at 01:00.
  t.is(ends("Africa/Cairo", "2026-04-23T12:00:00Z")[0], "2026-04-23T22:00:00.000Z");
  t.is(ends("Africa/Cairo", "2026-04-24T12:00:00Z")[0], "2026-04-24T21:00:00.000Z");
});

test("a name is a zone or it is not", (t) => {
  for (const zone of ["UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires"]) t.true(isZone(zone));
  for (const zone of ["", "Mars/Olympus", "x".repeat(10_000)]) t.false(isZone(zone));
});
