// What an empty list says: what belongs here, and how it comes here.
import type { MemoryPlace } from "../app/route";
import { memoryHash } from "../app/route";
import { useI18n } from "../i18n/context";
import { layerIcons } from "./layers";
import { Brain } from "lucide-react";

interface NothingThereProps {
  place: MemoryPlace;
  query: string;
  onClear: () => void;
}

export function NothingThere({ place, query, onClear }: NothingThereProps) {
  const { t } = useI18n();
  const Icon = place.layer ? layerIcons[place.layer] : Brain;
  if (place.id) return <p className="memory-empty tone-muted">{t("memoryGone")}</p>;
  if (query) {
    return (
      <div className="memory-empty" data-testid="memory-empty">
        <p>{t("memoryNoHits", { query })}</p>
        <p className="tone-muted">{t("memoryNoHitsText")}</p>
        {place.layer ? (
          <a className="button small" href={memoryHash(null)}>
            {t("memoryAll")}
          </a>
        ) : (
          <button type="button" className="button small" onClick={onClear}>
            {t("memoryClear")}
          </button>
        )}
      </div>
    );
  }
  return (
    <div className="memory-empty" data-testid="memory-empty">
      <Icon size={26} strokeWidth={1.5} aria-hidden className="tone-muted" />
      <p>{t("memoryEmptyTitle")}</p>
      <p className="tone-muted">{t(place.layer ? `memoryEmpty_${place.layer}` : "memoryEmpty")}</p>
      {place.layer !== "knowledge" && place.layer !== "preference" && (
        <a className="button small" href="#/">
          {t("memoryStart")}
        </a>
      )}
    </div>
  );
}
