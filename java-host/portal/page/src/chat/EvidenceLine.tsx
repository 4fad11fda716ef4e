// Under an answer: which calls it rests on, said by the engine. Small, for who wants to know.
import { useId } from "react";
import type { Evidence } from "../agui/activities";
import { useI18n } from "../i18n/context";
import { CallLink } from "./CallLink";

export function EvidenceLine({ evidence }: { evidence: Evidence | null | undefined }) {
  const { t, number } = useI18n();
  const id = useId();
  const calls = evidence?.calls ?? [];
  if (calls.length === 0) return null;
  return (
    <div className="evidence" data-testid="evidence">
      <span id={id} className="evidence-label">
        {t("evidence")}
      </span>
      <ul aria-labelledby={id}>
        {calls.map((call) => (
          <li key={call.call_id}>
            <CallLink callId={call.call_id} tone={call.effect === "READ" ? "" : "changes"}>
              <span className="mono">{call.name}</span>
              {call.about && <span className="tone-muted"> {call.about}</span>}
            </CallLink>
          </li>
        ))}
        {(evidence?.more ?? 0) > 0 && (
          <li className="tone-muted num">{t("evidenceMore", { count: number(evidence!.more!) })}</li>
        )}
      </ul>
    </div>
  );
}
