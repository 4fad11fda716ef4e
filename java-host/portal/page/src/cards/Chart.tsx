// The Chart card: a line chart in SVG with axes, legend, the values under the pointer, and the same numbers as a table.
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { useI18n } from "../i18n/context";
import { niceTicks, readX, valueRange } from "./scale";
import { Table } from "./Table";

export interface Series {
  name: string;
  points: [string | number, number | null][];
}

interface Line {
  name: string;
  color: string;
  points: { x: number; y: number | null }[];
}

const height = 220;
const margin = { top: 12, right: 14, bottom: 26, left: 54 };
const colors = ["var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)", "var(--series-5)"];

export function Chart({ title, unit, series }: { title?: string; unit?: string; series: Series[] }) {
  const i18n = useI18n();
  const { t, number, language } = i18n;
  const titleId = useId();
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [at, setAt] = useState<number | null>(null);
  const [asTable, setAsTable] = useState(false);
  const { lines, xs, time } = useMemo(() => read(series), [series]);
  const [yLow, yHigh] = valueRange(
    lines.flatMap((line) => line.points.flatMap((point) => (point.y === null ? [] : [point.y]))),
  );
  const xLow = xs[0] ?? 0;
  const xHigh = xs.at(-1) ?? 1;
  const inner = Math.max(40, width - margin.left - margin.right);
  const px = (x: number): number => margin.left + (xHigh === xLow ? inner / 2 : ((x - xLow) / (xHigh - xLow)) * inner);
  const py = (y: number): number =>
    margin.top + (1 - (y - yLow) / (yHigh - yLow)) * (height - margin.top - margin.bottom);
  const formatX = useMemo(() => xFormat(time, xHigh - xLow, language), [time, xHigh, xLow, language]);
  const measure = measureOf(series, unit, yHigh);
  const withUnit = (y: number | null | undefined): string => {
    if (y == null) return "–";
    return measure ? i18n[measure](y) : `${number(y, 2)}${unit ? ` ${unit}` : ""}`;
  };
  const xTicks = time ? timeTicks(xLow, xHigh, Math.floor(inner / 75)) : niceTicks(xLow, xHigh, Math.floor(inner / 80));
  const onMove = (event: PointerEvent<SVGSVGElement>): void => {
    const left = event.currentTarget.getBoundingClientRect().left;
    setAt(nearest(xs.map(px), event.clientX - left));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step || xs.length === 0) return;
    event.preventDefault();
    setAt((now) => Math.min(xs.length - 1, Math.max(0, (now ?? (step > 0 ? -1 : xs.length)) + step)));
  };
  const shown = at === null ? null : (xs[at] ?? null);
  return (
    <figure className="card-figure" data-testid="card-chart">
      <figcaption className="chart-head" id={titleId}>
        <span>
          {title}
          {unit && !measure && <span className="tone-muted"> {unit}</span>}
        </span>
        <button
          type="button"
          className="button ghost small"
          onClick={() => setAsTable(!asTable)}
          aria-pressed={asTable}
        >
          {asTable ? t("asChart") : t("asTable")}
        </button>
      </figcaption>
      {asTable ? (
        <Table
          columns={[{ key: "x", label: time ? t("time") : "x" }, ...lines.map((line) => ({ key: line.name }))]}
          rows={xs.map((x) => [formatX(x), ...lines.map((line) => valueAt(line, x) ?? null)])}
        />
      ) : (
        <>
          <div ref={box} className="chart">
            <svg
              width={width}
              height={height}
              role="img"
              aria-labelledby={titleId}
              tabIndex={0}
              onPointerMove={onMove}
              onPointerLeave={() => setAt(null)}
              onBlur={() => setAt(null)}
              onKeyDown={onKeyDown}
            >
              {niceTicks(yLow, yHigh, 4).map((tick) => (
                <g key={tick}>
                  <line className="grid" x1={margin.left} x2={width - margin.right} y1={py(tick)} y2={py(tick)} />
                  <text x={margin.left - 8} y={py(tick)} dy="0.32em" textAnchor="end">
                    {measure ? i18n[measure](tick) : compact(tick, language)}
                  </text>
                </g>
              ))}
              {xTicks.map((tick) => (
                <text key={tick} x={px(tick)} y={height - 8} textAnchor="middle">
                  {formatX(tick)}
                </text>
              ))}
              {lines.map((line) => (
                <path key={line.name} d={path(line, px, py)} stroke={line.color} className="series" />
              ))}
              {shown !== null && (
                <g>
                  <line className="cursor" x1={px(shown)} x2={px(shown)} y1={margin.top} y2={height - margin.bottom} />
                  {lines.map((line) => {
                    const y = valueAt(line, shown);
                    return y == null ? null : (
                      <circle key={line.name} cx={px(shown)} cy={py(y)} r={4} fill={line.color} />
                    );
                  })}
                </g>
              )}
            </svg>
          </div>
          <div className="legend" aria-live="polite">
            {lines.map((line) => (
              <span key={line.name}>
                <i style={{ background: line.color }} />
                {line.name}
                <b className="num">
                  {withUnit(shown === null ? line.points.findLast((p) => p.y !== null)?.y : valueAt(line, shown))}
                </b>
              </span>
            ))}
            {shown !== null && <span className="tone-muted num">{formatX(shown)}</span>}
          </div>
        </>
      )}
    </figure>
  );
}

/** Bytes and shares are shown as people read them, when the unit or the names of all series say so. */
function measureOf(series: Series[], unit: string | undefined, high: number): "bytes" | "percent" | null {
  const all = (ending: string): boolean => series.length > 0 && series.every((entry) => entry.name.endsWith(ending));
  if (unit === "bytes" || unit === "B" || (!unit && all("_bytes"))) return "bytes";
  return !unit && all("_rate") && high <= 1 ? "percent" : null;
}

function useWidth(box: React.RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(560);
  useEffect(() => {
    const element = box.current;
    if (!element || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, Math.floor(entry!.contentRect.width))));
    observer.observe(element);
    return () => observer.disconnect();
  });
  return width;
}

function read(series: Series[]): { lines: Line[]; xs: number[]; time: boolean } {
  let time = false;
  const lines = series.map((entry, index) => ({
    name: entry.name,
    color: colors[index % colors.length]!,
    points: entry.points
      .map(([x, y]) => {
        const parsed = readX(x);
        time ||= parsed.time;
        return { x: parsed.value, y: typeof y === "number" ? y : null };
      })
      .toSorted((left, right) => left.x - right.x),
  }));
  const xs = [...new Set(lines.flatMap((line) => line.points.map((point) => point.x)))].toSorted((a, b) => a - b);
  return { lines, xs, time };
}

function valueAt(line: Line, x: number): number | null | undefined {
  return line.points.find((point) => point.x === x)?.y;
}

function path(line: Line, px: (x: number) => number, py: (y: number) => number): string {
  let open = false;
  return line.points
    .map(({ x, y }) => {
      if (y === null) {
        open = false;
        return "";
      }
      const command = open ? "L" : "M";
      open = true;
      return `${command}${px(x).toFixed(1)} ${py(y).toFixed(1)}`;
    })
    .join("");
}

function nearest(positions: number[], wanted: number): number | null {
  if (positions.length === 0) return null;
  let best = 0;
  positions.forEach((position, index) => {
    if (Math.abs(position - wanted) < Math.abs(positions[best]! - wanted)) best = index;
  });
  return best;
}

function timeTicks(low: number, high: number, count: number): number[] {
  const amount = Math.max(2, count);
  if (low === high) return [low];
  return Array.from({ length: amount - 1 }, (_, index) => low + ((index + 0.5) / (amount - 1)) * (high - low));
}

function xFormat(time: boolean, span: number, language: string): (x: number) => string {
  const locale = language === "zh" ? "zh-CN" : "en";
  if (!time) return (x) => new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(x);
  const options: Intl.DateTimeFormatOptions =
    span > 36 * 3600e3
      ? { month: "short", day: "numeric" }
      : { hour: "2-digit", minute: "2-digit", hour12: false, ...(span < 5 * 60e3 ? { second: "2-digit" } : {}) };
  const format = new Intl.DateTimeFormat(locale, options);
  return (x) => format.format(x);
}

function compact(value: number, language: string): string {
  const notation = Math.abs(value) >= 10000 ? "compact" : "standard";
  return new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en", { notation, maximumFractionDigits: 2 }).format(
    value,
  );
}
