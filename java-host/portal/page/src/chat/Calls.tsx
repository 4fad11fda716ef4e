// Tool calls: one row a call, how many there were, and the marks for their states and effects.
import { Ban, Check, CircleDashed, CirclePause, X, type LucideIcon } from "lucide-react";
import type { Call, CallStatus, Effect } from "../agui/activities";
import { useI18n } from "../i18n/context";
import type { Key } from "../i18n/en";
import { Spinner } from "../ui/controls";
import { argumentList } from "../ui/text";

export type Tone = "ok" | "warn" | "bad" | "muted" | "accent";

const callLooks: Record<CallStatus, { icon: LucideIcon | null; tone: Tone; label: Key }> = {
  running: { icon: null, tone: "accent", label: "callRunning" },
  waiting: { icon: CirclePause, tone: "warn", label: "callWaiting" },
  ok: { icon: Check, tone: "ok", label: "callOk" },
  failed: { icon: X, tone: "bad", label: "callFailed" },
  denied: { icon: Ban, tone: "bad", label: "callDenied" },
  cancelled: { icon: Ban, tone: "muted", label: "callCancelled" },
  unknown: { icon: CircleDashed, tone: "warn", label: "callUnknown" },
};

export function StateIcon({ icon: Icon, tone }: { icon: LucideIcon | null; tone: Tone }) {
  return (
    <span className={`state-icon tone-${tone}`}>
      {Icon ? <Icon size={14} strokeWidth={2.4} aria-hidden /> : <Spinner />}
    </span>
  );
}

export function EffectBadge({ effect }: { effect: Effect }) {
  const { t } = useI18n();
  const tone = effect === "DESTRUCTIVE" ? "bad" : effect === "WRITE" ? "warn" : "";
  const label: Key = effect === "DESTRUCTIVE" ? "effectDestructive" : effect === "WRITE" ? "effectWrite" : "effectRead";
  return <span className={`badge ${tone}`}>{t(label)}</span>;
}

/** How many calls, how many changed or failed; while it runs, the one under way. */
export function CallSummary({ calls, total, over }: { calls: Call[]; total: number; over: boolean }) {
  const { t, number } = useI18n();
  const count = Math.max(total ?? 0, calls.length);
  const changed = calls.filter((call) => call.effect !== "READ" && call.status === "ok").length;
  const failed = calls.filter((call) => call.status === "failed" || call.status === "unknown").length;
  const current = over ? undefined : calls.findLast((call) => call.status === "running");
  return (
    <span className="call-counts" data-testid="call-counts">
      <span className="num">
        {count === 0
          ? t(over ? "callCountZero" : "callCountNone")
          : t(count === 1 ? "callCountOne" : "callCount", { count: number(count) })}
      </span>
      {changed > 0 && (
        <b className="tone-warn">{t(changed === 1 ? "callsChangedOne" : "callsChanged", { count: number(changed) })}</b>
      )}
      {failed > 0 && <span className="tone-bad">{t("callsFailed", { count: number(failed) })}</span>}
      {current && (
        <span className="call-now mono tone-muted">
          {current.toolkit}.{current.tool}({argumentList(current.arguments)})
        </span>
      )}
    </span>
  );
}

export function Calls({ calls, total }: { calls: Call[]; total: number }) {
  const { t, number } = useI18n();
  const missing = Math.max(0, (total ?? 0) - calls.length);
  return (
    <div className="calls-scroll" tabIndex={0} role="group" aria-label={t("calls")}>
      <ul className="calls">
        {calls.map((call) => (
          <CallRow key={call.call_id} call={call} testId="call" />
        ))}
      </ul>
      {missing > 0 && <p className="tone-muted calls-note">{t("callsLeftOut", { count: number(missing) })}</p>}
    </div>
  );
}

export function CallRow({ call, testId }: { call: Call; testId: string }) {
  const { t, seconds } = useI18n();
  const look = callLooks[call.status] ?? callLooks.unknown;
  const named = argumentList(call.arguments);
  const timed = call.seconds != null && call.status !== "running" && call.status !== "waiting";
  return (
    <li data-testid={testId} data-tool={`${call.toolkit}.${call.tool}`} data-status={call.status}>
      <StateIcon icon={look.icon} tone={look.tone} />
      <span className="hidden-visually">{t(look.label)}</span>
      <span className="call-text mono" title={`${call.toolkit}.${call.tool}(${named})`}>
        <b>
          {call.toolkit}.{call.tool}
        </b>
        <span className="tone-muted">({named})</span>
      </span>
      {call.effect !== "READ" && <EffectBadge effect={call.effect} />}
      {call.summary && (
        <span
          className={`call-summary ${call.status === "ok" ? "tone-muted" : `tone-${look.tone}`}`}
          title={call.summary}
        >
          {call.summary}
        </span>
      )}
      <span className="num tone-muted call-time">{timed ? seconds(call.seconds!) : ""}</span>
    </li>
  );
}
