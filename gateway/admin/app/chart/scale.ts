// The scale of a chart. Pure.

/** Round values from 0 to at least `max`, three to six of them. */
export function ticksTo(max: number): number[] {
  if (max <= 0) return [0, 1];
  const rough = max / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? 10 * power;
  const count = Math.ceil(max / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** Which of `count` periods get a label when each label needs `labelPx` of `widthPx`. */
export function labelled(count: number, widthPx: number, labelPx: number): number[] {
  const fit = Math.max(1, Math.floor(widthPx / labelPx));
  const step = [1, 2, 3, 4, 6, 8, 12, 24].find((each) => Math.ceil(count / each) <= fit) ?? count;
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}

/** The heights of the parts of a bar, from the bottom; a part that is not 0 is seen. */
export function stack(values: readonly number[], max: number, heightPx: number): { y: number; height: number }[] {
  let top = heightPx;
  return values.map((value) => {
    const height = value <= 0 || max <= 0 ? 0 : Math.max(1.5, (value / max) * heightPx);
    top -= height;
    return { y: top, height };
  });
}
