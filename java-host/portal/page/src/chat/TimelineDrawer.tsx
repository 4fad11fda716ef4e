// The drawer with a run's rounds, zones and calls on one axis, its tokens and cost, and its trace id.
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import type { Thread } from "../agui/thread";
import { useI18n } from "../i18n/context";
import type { Key } from "../i18n/en";
import { CopyButton, Modal } from "../ui/controls";
import { runsOf, timelineOf, type Bar } from "./timeline";

const zoneLabels: Record<string, Key> = {
  perception: "zonePerception",
  cognitive: "zoneCognitive",
  motor: "zoneMotor",
  expression: "zoneExpression",
  self_check: "zoneSelfCheck",
};

interface DrawerProps {
  thread: Thread;
  /** The call to show; its run is chosen and its row is in view. */
  callId?: string | null;
  onClose: () => void;
}

export function TimelineDrawer({ thread, callId = null, onClose }: DrawerProps) {
  const { t, time, seconds, number } = useI18n();
  const runs = runsOf(thread);
  const [chosen, setChosen] = useState<string | null>(null);
  const runId = chosen ?? (callId && runs.find((id) => callId.startsWith(`${id}/`))) ?? runs[0];
  if (!runId) {
    return (
      <Modal title={t("timeline")} kind="drawer" onClose={onClose} testId="timeline">
        <p className="tone-muted">{t("timelineEmpty")}</p>
      </Modal>
    );
  }
  const timeline = timelineOf(thread, runId);
  const { usage } = timeline;
  return (
    <Modal title={t("timeline")} kind="drawer" onClose={onClose} testId="timeline">
      {runs.length > 1 && (
        <label className="field timeline-run">
          <span>{t("run")}</span>
          <select className="input" value={runId} onChange={(event) => setChosen(event.target.value)}>
            {runs.map((id, index) => (
              <option key={id} value={id}>
                {t("runNumber", { number: runs.length - index })} {labelOf(thread, id, time)}
              </option>
            ))}
          </select>
        </label>
      )}
      <dl className="facts timeline-facts">
        <Figure label={t("duration")} value={seconds(timeline.total)} />
        <Figure
          label={t("tokens")}
          value={usage.inputTokens > 0 ? `${number(usage.inputTokens)} → ${number(usage.outputTokens)}` : "–"}
        />
        <Figure label={t("cost")} value={usage.cost > 0 ? money(usage.cost, usage.currency) : "–"} />
        {usage.models.length > 0 && <Figure label={t("model")} value={usage.models.join(", ")} />}
      </dl>
      {timeline.traceId && (
        <div className="trace">
          <span className="tone-muted">{t("traceId")}</span>
          <code className="mono" data-testid="trace-id">
            {timeline.traceId}
          </code>
          <CopyButton text={timeline.traceId} />
        </div>
      )}
      <Axis total={timeline.total} />
      <ol className="timeline-rounds">
        {timeline.rounds.map((entry) => (
          <li key={entry.key}>
            <h3>
              <span className="tone-muted num">{entry.round.round}</span>{" "}
              {entry.round.sub_goal || t("roundTitle", { number: entry.round.round })}
            </h3>
            <RoundBars bars={entry.bars} total={timeline.total} callId={callId} />
          </li>
        ))}
      </ol>
    </Modal>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd className="num">{value}</dd>
    </div>
  );
}

function Axis({ total }: { total: number }) {
  const { seconds } = useI18n();
  return (
    <div className="timeline-axis num" aria-hidden>
      <span />
      <div>
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span key={part}>{seconds(part * total)}</span>
        ))}
      </div>
      <span />
    </div>
  );
}

const callsApart = 6;

/** Many calls share one row, what changed something keeps its own; the row opens to all of them. */
function RoundBars({ bars, total, callId }: { bars: Bar[]; total: number; callId: string | null }) {
  const { t, number, seconds } = useI18n();
  const [open, setOpen] = useState(() => bars.some((bar) => bar.key === callId));
  const calls = bars.filter((bar) => bar.kind === "call");
  const folded = calls.length > callsApart;
  const shown = bars.filter((bar) => bar.kind === "zone" || !folded || open || bar.changes);
  const first = shown.findIndex((bar) => bar.kind === "call");
  const motor = shown.findIndex((bar) => bar.label === "motor");
  const at = first >= 0 ? first : motor >= 0 ? motor + 1 : shown.length;
  const row = (bar: Bar) => <BarRow key={bar.key} bar={bar} total={total} wanted={bar.key === callId} />;
  return (
    <ul>
      {shown.slice(0, at).map(row)}
      {folded && (
        <li className="timeline-row call">
          <button type="button" className="timeline-calls" aria-expanded={open} onClick={() => setOpen(!open)}>
            <ChevronRight size={13} aria-hidden />
            {t("callCount", { count: number(calls.length) })}
          </button>
          <span className="track">
            {calls.map((bar) => (
              <BarMark key={bar.key} bar={bar} total={total} />
            ))}
          </span>
          <span className="num tone-muted">{seconds(calls.reduce((sum, bar) => sum + bar.seconds, 0))}</span>
        </li>
      )}
      {shown.slice(at).map(row)}
    </ul>
  );
}

function BarMark({ bar, total }: { bar: Bar; total: number }) {
  return (
    <i
      className={`bar ${bar.kind} ${bar.status} ${bar.changes ? "changes" : ""}`}
      style={{
        insetInlineStart: `min(${(bar.start / total) * 100}%, 100% - 3px)`,
        width: `max(3px, ${(bar.seconds / total) * 100}%)`,
      }}
    />
  );
}

function BarRow({ bar, total, wanted }: { bar: Bar; total: number; wanted: boolean }) {
  const { t, seconds } = useI18n();
  const key = zoneLabels[bar.label];
  return (
    <li
      className={`timeline-row ${bar.kind} ${wanted ? "wanted" : ""}`}
      aria-current={wanted || undefined}
      ref={wanted ? intoView : undefined}
      data-testid={wanted ? "wanted-call" : undefined}
    >
      <span className={bar.kind === "call" ? "mono" : ""} title={bar.label}>
        {bar.kind === "zone" && key ? t(key) : bar.label}
      </span>
      <span className="track">
        <BarMark bar={bar} total={total} />
      </span>
      <span className="num tone-muted">{seconds(bar.seconds)}</span>
    </li>
  );
}

const intoView = (row: HTMLLIElement | null): void => row?.scrollIntoView?.({ block: "center" });

function labelOf(thread: Thread, runId: string, time: (at: number) => string): string {
  const leg = thread.legs.find((entry) => (entry.engineRun ?? entry.id) === runId);
  return leg?.startedAt ? `· ${time(leg.startedAt)}` : "";
}

function money(cost: number, currency: string): string {
  return new Intl.NumberFormat(undefined, { style: "currency", currency, maximumFractionDigits: 4 }).format(cost);
}
