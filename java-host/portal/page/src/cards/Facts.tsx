// The Facts and Progress cards.
import { useI18n } from "../i18n/context";
import { Markdown } from "../ui/text";

export interface Fact {
  label: string;
  value: string | number | boolean | null;
}

/** Numbered facts are a list in words; long ones stand below each other; short ones side by side. */
export function Facts({ title, items }: { title?: string; items: Fact[] }) {
  const numbered = items.length > 0 && items.every((item, index) => item.label === String(index + 1));
  const long = items.some((item) => typeof item.value === "string" && item.value.length > longText);
  return (
    <figure className="card-figure" data-testid="card-facts">
      {title && <figcaption>{title}</figcaption>}
      {numbered ? (
        <ol className="facts-list">
          {items.map((item) => (
            <li key={item.label}>
              <Value value={item.value} />
            </li>
          ))}
        </ol>
      ) : (
        <dl className={`facts ${long ? "long" : ""}`}>
          {items.map((item) => (
            <div key={item.label}>
              <dt>{item.label}</dt>
              <dd className={typeof item.value === "number" ? "num" : ""}>
                <Value value={item.value} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </figure>
  );
}

const longText = 48;

function Value({ value }: { value: Fact["value"] }) {
  const { number, text } = useI18n();
  if (typeof value === "number") return number(value, 3);
  if (value === null) return "–";
  if (typeof value === "boolean") return value ? "✓" : "✗";
  return value.includes("`") ? <Markdown text={value} /> : text(value);
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
