// Scales of a chart: where ticks lie and how an x value is read.

/** About `count` round numbers that cover the range. */
export function niceTicks(low: number, high: number, count: number): number[] {
  if (low === high) return [low];
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  const ticks: number[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) {
    ticks.push(Number(value.toPrecision(12)));
  }
  return ticks;
}

/** The y range in whole steps, from zero when the values lie near it. */
export function valueRange(values: number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (low > 0 && low < (high - low) * 2) low = 0;
  if (low === high) high = low === 0 ? 1 : low + Math.abs(low) * 0.1;
  const ticks = niceTicks(low, high, 4);
  const step = (ticks[1] ?? high) - (ticks[0] ?? low) || high - low;
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/** Epoch milliseconds or a plain number; times come as ISO 8601 or as epoch numbers. */
export function readX(x: string | number): { value: number; time: boolean } {
  if (typeof x === "number") {
    if (x > 1e11) return { value: x, time: true };
    return x > 1e9 ? { value: x * 1000, time: true } : { value: x, time: false };
  }
  const parsed = Date.parse(x);
  return Number.isNaN(parsed) ? { value: Number(x), time: false } : { value: parsed, time: true };
}
