// The Facts and Progress cards.
import { useI18n } from "../i18n/context";

export interface Fact {
  label: string;
  value: string | number | boolean | null;
}

export function Facts({ title, items }: { title?: string; items: Fact[] }) {
  const { number } = useI18n();
  return (
    <figure className="card-figure" data-testid="card-facts">
      {title && <figcaption>{title}</figcaption>}
      <dl className="facts">
        {items.map((item) => (
          <div key={item.label}>
            <dt>{item.label}</dt>
            <dd className={typeof item.value === "number" ? "num" : ""}>
              {typeof item.value === "number" ? number(item.value, 3) : item.value === null ? "–" : String(item.value)}
            </dd>
          </div>
        ))}
      </dl>
    </figure>
  );
}

export function Progress({ title, value, total }: { title?: string; value: number; total: number }) {
  const { number, percent } = useI18n();
  const part = total > 0 ? Math.min(1, Math.max(0, value / total)) : 0;
  return (
    <figure className="card-figure" data-testid="card-progress">
      <figcaption className="progress-head">
        <span>{title}</span>
        <span className="num tone-muted">
          {total === 1 ? percent(part) : `${number(value, 1)} / ${number(total, 1)}`}
        </span>
      </figcaption>
      <div
        className="progress"
        role="progressbar"
        aria-label={title}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={value}
      >
        <div style={{ width: `${part * 100}%` }} />
      </div>
    </figure>
  );
}
