// Under an answer: what of memory went into it, each with the way to it in the memory panel.
import { useId } from "react";
import type { Recalled } from "../agui/activities";
import { useHost } from "../app/host";
import { memoryHash } from "../app/route";
import { useI18n, type I18n } from "../i18n/context";
import { layerIcons } from "../memory/layers";

const shownMost = 5;

/** Messages are cited by who said them, in the page's words. */
function nameOf({ layer, citation }: Recalled, t: I18n["t"]): string {
  if (layer === "message") return citation.replace(/^user\b/, t("memoryYou")).replace(/^assistant\b/, "sanca");
  return citation || t(`memory_${layer}`);
}

export function RecalledLine({ recalled }: { recalled: Recalled[] }) {
  const { t } = useI18n();
  const { hasMemory } = useHost();
  const id = useId();
  if (recalled.length === 0) return null;
  return (
    <div className="evidence recalled" data-testid="recalled">
      <span id={id} className="evidence-label">
        {t("recalled")}
      </span>
      <ul aria-labelledby={id}>
        {recalled.slice(0, shownMost).map((one) => {
          const Icon = layerIcons[one.layer];
          const name = nameOf(one, t);
          return (
            <li key={`${one.layer}/${one.session_id}/${one.id}`}>
              {hasMemory ? (
                <a
                  className="call-link"
                  data-testid="recalled-link"
                  href={memoryHash(one.layer, { id: one.id, sessionId: one.session_id })}
                >
                  <Icon size={13} aria-hidden /> {name}
                </a>
              ) : (
                <span className="call-link">{name}</span>
              )}
            </li>
          );
        })}
        {recalled.length > shownMost && (
          <li className="tone-muted num">{t("evidenceMore", { count: recalled.length - shownMost })}</li>
        )}
      </ul>
    </div>
  );
}
