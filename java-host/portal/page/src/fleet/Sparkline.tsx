// A tiny line of recent values.
const width = 60;
const height = 20;

export function Sparkline({ values, label, tone }: { values: number[]; label: string; tone: string }) {
  const high = Math.max(...values, 1);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map(
    (value, index) => `${(index * step).toFixed(1)},${(height - 2 - (value / high) * (height - 4)).toFixed(1)}`,
  );
  return (
    <svg className={`sparkline ${tone}`} width={width} height={height} role="img" aria-label={label}>
      <polyline points={points.join(" ")} />
    </svg>
  );
}
