// One round: the plan, the action as code, its calls live, what it saw. Folded parts open on demand.
import {
  Ban,
  BookOpen,
  Check,
  ChevronRight,
  CircleDashed,
  CirclePause,
  OctagonX,
  Sparkles,
  UserRound,
  X,
  type LucideIcon,
} from "lucide-react";
import { memo, useState, type ReactNode } from "react";
import type { Call, CallStatus, Effect, Round, RoundStatus, Skill } from "../agui/activities";
import { useI18n, type I18n } from "../i18n/context";
import type { Key } from "../i18n/en";
import { CopyButton, Spinner } from "../ui/controls";
import { argumentList, Highlighted, literal, pretty } from "../ui/text";

type Tone = "ok" | "warn" | "bad" | "muted" | "accent";

const roundLooks: Record<RoundStatus, { icon: LucideIcon | null; tone: Tone; label: Key }> = {
  planning: { icon: null, tone: "accent", label: "roundPlanning" },
  running: { icon: null, tone: "accent", label: "roundRunning" },
  waiting: { icon: CirclePause, tone: "warn", label: "roundWaiting" },
  ok: { icon: Check, tone: "ok", label: "roundOk" },
  error: { icon: X, tone: "bad", label: "roundError" },
  timeout: { icon: OctagonX, tone: "bad", label: "roundTimeout" },
  limit: { icon: OctagonX, tone: "bad", label: "roundLimit" },
  killed: { icon: OctagonX, tone: "bad", label: "roundKilled" },
  refused: { icon: Ban, tone: "bad", label: "roundRefused" },
  cancelled: { icon: Ban, tone: "muted", label: "roundCancelled" },
  interrupted: { icon: CircleDashed, tone: "warn", label: "roundInterrupted" },
};

const callLooks: Record<CallStatus, { icon: LucideIcon | null; tone: Tone; label: Key }> = {
  running: { icon: null, tone: "accent", label: "callRunning" },
  waiting: { icon: CirclePause, tone: "warn", label: "callWaiting" },
  ok: { icon: Check, tone: "ok", label: "callOk" },
  failed: { icon: X, tone: "bad", label: "callFailed" },
  denied: { icon: Ban, tone: "bad", label: "callDenied" },
  cancelled: { icon: Ban, tone: "muted", label: "callCancelled" },
  unknown: { icon: CircleDashed, tone: "warn", label: "callUnknown" },
};

const strategies: Record<Round["strategy"], { icon: LucideIcon; label: Key }> = {
  experience: { icon: BookOpen, label: "strategyExperience" },
  model: { icon: Sparkles, label: "strategyModel" },
  person: { icon: UserRound, label: "strategyPerson" },
};

const callsShown = 6;

export function isOver(status: RoundStatus): boolean {
  return !["planning", "running", "waiting"].includes(status);
}

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

export const RoundCard = memo(function RoundCard({ round }: { round: Round }) {
  const { t, seconds } = useI18n();
  const look = roundLooks[round.status] ?? roundLooks.running;
  const strategy = strategies[round.strategy] ?? strategies.model;
  const Icon = strategy.icon;
  return (
    <article className="round" data-testid="round" data-status={round.status} aria-label={titleOf(round, t)}>
      <header className="round-head">
        <StateIcon icon={look.icon} tone={look.tone} />
        <h2>{titleOf(round, t)}</h2>
        <span className="round-meta">
          <span className="badge">
            <Icon size={12} aria-hidden />
            {t(strategy.label)}
          </span>
          <span className={`tone-${look.tone}`} data-testid="round-status" data-status={round.status} role="status">
            {t(look.label)}
          </span>
          {round.seconds != null && <span className="num tone-muted">{seconds(round.seconds)}</span>}
        </span>
      </header>
      {round.skill && <SkillLine skill={round.skill} />}
      {round.code && <Code code={round.code} />}
      {round.calls?.length > 0 && <Calls calls={round.calls} total={round.calls_total} />}
      {round.error && <RoundFault text={round.error} />}
      {(round.observation || (round.value !== null && round.value !== undefined)) && (
        <Fold label={t("observation")}>
          {round.observation && <pre className="plain mono">{round.observation}</pre>}
          {round.value !== null && round.value !== undefined && <Value value={round.value} />}
        </Fold>
      )}
    </article>
  );
});

function titleOf(round: Round, t: I18n["t"]): string {
  if (round.sub_goal) return round.sub_goal;
  return round.strategy === "person" ? t("strategyPerson") : t("roundTitle", { number: round.round });
}

function SkillLine({ skill }: { skill: Skill }) {
  const { t, percent } = useI18n();
  return (
    <div className="skill">
      <p>
        <span className="tone-muted">{t("skill")}</span>{" "}
        <b data-testid="skill-name" data-skill={skill.name}>
          {skill.title || skill.name}
        </b>
        {skill.score != null && <span className="badge accent num">{t("match", { score: percent(skill.score) })}</span>}
      </p>
      {skill.why && <p className="tone-muted">{skill.why}</p>}
      {skill.parameters && Object.keys(skill.parameters).length > 0 && (
        <ul className="chips" aria-label={t("parameters")}>
          {Object.entries(skill.parameters).map(([name, value]) => (
            <li key={name} className="mono">
              <span className="tone-muted">{name}</span> {literal(value, 40)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const linesShown = 12;

function Code({ code }: { code: string }) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  const text = code.replace(/\s+$/, "");
  const lines = text.split("\n").length;
  const folded = lines > linesShown + 2 && !open;
  return (
    <div className="code" data-testid="code">
      <div className="code-tools">
        <CopyButton text={code} label={t("copyCode")} />
      </div>
      <pre className={folded ? "folded" : ""} tabIndex={0}>
        <Highlighted text={text} language="python" />
      </pre>
      {lines > linesShown + 2 && (
        <button
          type="button"
          className="button ghost small code-more"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? t("showLess") : t("showAllLines", { count: lines })}
        </button>
      )}
    </div>
  );
}

function Calls({ calls, total }: { calls: Call[]; total: number }) {
  const { t, number } = useI18n();
  const [open, setOpen] = useState(false);
  const shown = open ? calls : calls.slice(-callsShown);
  const count = Math.max(total ?? 0, calls.length);
  const missing = count - calls.length;
  return (
    <div className="calls">
      {calls.length > callsShown && (
        <button type="button" className="button ghost small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t("showLess") : t("earlierCalls", { count: number(count - callsShown) })}
        </button>
      )}
      {open && missing > 0 && <p className="tone-muted calls-note">{t("callsLeftOut", { count: number(missing) })}</p>}
      <ul>
        {shown.map((call) => (
          <CallRow key={call.call_id} call={call} />
        ))}
      </ul>
    </div>
  );
}

function CallRow({ call }: { call: Call }) {
  const { t, seconds } = useI18n();
  const look = callLooks[call.status] ?? callLooks.unknown;
  const named = argumentList(call.arguments);
  return (
    <li data-testid="call" data-tool={`${call.toolkit}.${call.tool}`} data-status={call.status}>
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
        <span className={`call-summary ${call.status === "ok" ? "tone-muted" : `tone-${look.tone}`}`}>
          {call.summary}
        </span>
      )}
      <span className="num tone-muted call-time">{call.seconds != null ? seconds(call.seconds) : ""}</span>
    </li>
  );
}

function RoundFault({ text }: { text: string }) {
  const { t } = useI18n();
  const lines = text.trim().split("\n");
  const last = lines.at(-1)!;
  return (
    <div className="fault-box">
      <p className="mono">{last}</p>
      {lines.length > 1 && (
        <Fold label={t("wholeError")}>
          <pre className="plain mono">{text.trim()}</pre>
        </Fold>
      )}
    </div>
  );
}

function Value({ value }: { value: unknown }) {
  return (
    <pre className="plain">
      {typeof value === "string" ? (
        <span className="mono">{value}</span>
      ) : (
        <Highlighted text={pretty(value)} language="json" />
      )}
    </pre>
  );
}

export function Fold({ label, children }: { label: string; children: ReactNode }) {
  return (
    <details className="fold">
      <summary>
        <ChevronRight size={14} aria-hidden />
        {label}
      </summary>
      {children}
    </details>
  );
}
