// Why something was recalled: each reason with its part of the score, as a bar and in words.
import type { MemoryReason } from "../api/types";
import { useI18n } from "../i18n/context";
import { en, type Key } from "../i18n/en";

const labelOf = (kind: string): Key | null => (`reason_${kind}` in en ? (`reason_${kind}` as Key) : null);

/** The detail of these is the id of another record, which tells a person nothing. */
const namesRecord = new Set(["neighbour", "second_look"]);

/** The bar is as long as the hit is good, and parted by its reasons. */
export function Reasons({ reasons, score }: { reasons: MemoryReason[]; score: number }) {
  const { t, percent } = useI18n();
  if (reasons.length === 0) return null;
  const sorted = reasons.toSorted((a, b) => b.share - a.share);
  return (
    <div className="reasons" data-testid="reasons">
      <div
        className="reasons-bar"
        aria-hidden
        style={{ width: `${Math.round(Math.min(1, Math.max(0.08, score)) * 100)}%` }}
      >
        {sorted.map((reason, index) => (
          <i key={index} data-kind={reason.kind} style={{ flexGrow: Math.max(reason.share, 0) }} />
        ))}
      </div>
      <ul aria-label={t("memoryWhy")}>
        {sorted.map((reason, index) => {
          const label = labelOf(reason.kind);
          return (
            <li key={index} data-kind={reason.kind}>
              <i aria-hidden />
              {label ? t(label) : reason.kind}
              {reason.detail && !namesRecord.has(reason.kind) && <span className="reason-detail">{reason.detail}</span>}
              <span className="num tone-muted">{percent(reason.share)}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
