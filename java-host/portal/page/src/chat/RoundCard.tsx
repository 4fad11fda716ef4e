// One round: the plan, the action as code, its calls live, what it saw. Folded parts open on demand.
import {
  Ban,
  BookOpen,
  Check,
  ChevronRight,
  CircleDashed,
  CirclePause,
  FileText,
  OctagonX,
  Sparkles,
  UserRound,
  X,
  type LucideIcon,
} from "lucide-react";
import { memo, useEffect, useId, useState, type ReactNode } from "react";
import type { QueryStrategy, Round, RoundStatus, Skill } from "../agui/activities";
import { useI18n, type I18n } from "../i18n/context";
import type { Key } from "../i18n/en";
import { CopyButton, Fold } from "../ui/controls";
import { Highlighted, literal, pretty } from "../ui/text";
import { Calls, CallRow, CallSummary, StateIcon, type Tone } from "./Calls";
import { budgetOf, CheckLabel, CheckPanel } from "./RoundCheck";

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

function isOver(status: RoundStatus): boolean {
  return !["planning", "running", "waiting"].includes(status);
}

const strategies: Partial<Record<Round["strategy"], { icon: LucideIcon; label: Key }>> = {
  experience: { icon: BookOpen, label: "strategyExperience" },
  model: { icon: Sparkles, label: "strategyModel" },
  person: { icon: UserRound, label: "strategyPerson" },
  summary: { icon: FileText, label: "strategySummary" },
};

const queryStrategies: Record<Exclude<QueryStrategy, "">, Key> = {
  single_tool: "querySingleTool",
  sequence: "querySequence",
  composition: "queryComposition",
  workflow: "queryWorkflow",
  synthesis: "querySynthesis",
};

/** The machinery of a round, kept small: what it changed is always in sight, the rest is one press away. */
export const RoundCard = memo(function RoundCard({ round }: { round: Round }) {
  const { t, seconds, percent } = useI18n();
  const look = roundLooks[round.status] ?? roundLooks.running;
  const strategy = strategies[round.strategy];
  const effects = (round.calls ?? []).filter((call) => call.effect !== "READ");
  // Nothing was run, only said: there is no machinery to show.
  const said = !round.code && !round.skill && !round.error && effects.length === 0;
  if (isOver(round.status) && said && !isDoubted(round)) return null;
  const query = round.query_strategy && !round.skill ? queryStrategies[round.query_strategy] : undefined;
  return (
    <article className="round" data-testid="round" data-status={round.status} aria-label={titleOf(round, t)}>
      <header className="round-head">
        <StateIcon icon={look.icon} tone={look.tone} />
        <h2>{titleOf(round, t)}</h2>
        <span className="round-meta">
          {strategy && (
            <span className="badge">
              <strategy.icon size={12} aria-hidden />
              {t(strategy.label)}
              {round.skill?.score != null && (
                <span className="num">· {t("match", { score: percent(round.skill.score) })}</span>
              )}
            </span>
          )}
          {query && (
            <span className="badge quiet" data-testid="query-strategy" title={round.query_reason || undefined}>
              {t(query)}
              {round.query_reason && <span className="hidden-visually">. {round.query_reason}</span>}
            </span>
          )}
          {round.status === "running" && <Elapsed key={round.round} />}
          <span className={`tone-${look.tone}`} data-testid="round-status" data-status={round.status} role="status">
            {t(look.label)}
          </span>
          {round.seconds !== null && round.seconds > 0 && isOver(round.status) && (
            <span className="num tone-muted">{seconds(round.seconds)}</span>
          )}
        </span>
      </header>
      {round.skill && <SkillLine skill={round.skill} title={titleOf(round, t)} />}
      {round.code && !round.skill && <Code code={round.code} />}
      {round.status === "running" && <i className="round-busy" aria-hidden />}
      {effects.length > 0 && (
        <ul className="calls effects" aria-label={t("effects")}>
          {effects.map((call) => (
            <CallRow key={call.call_id} call={call} testId="effect" />
          ))}
        </ul>
      )}
      {round.error && <RoundFault text={round.error} />}
      <Details round={round} />
    </article>
  );
});

/** Self-check took the claim back, or a part of it: there is more to see than the words. */
const isDoubted = ({ self_check: check }: Round): boolean =>
  !!check && (["missing", "failed"].includes(check.verdict) || (check.unverified ?? []).length > 0);

const longSeconds = 3;

/** How long an action has run, once it is long; it ticks here, the engine has nothing new to say. */
function Elapsed() {
  const { seconds } = useI18n();
  const [passed, setPassed] = useState(0);
  useEffect(() => {
    const begun = Date.now();
    const timer = setInterval(() => setPassed(Math.floor((Date.now() - begun) / 1000)), 1000);
    return () => clearInterval(timer);
  }, []);
  if (passed < longSeconds) return null;
  return (
    <span className="num tone-muted" data-testid="elapsed">
      {seconds(passed)}
    </span>
  );
}

function titleOf(round: Round, t: I18n["t"]): string {
  if (round.sub_goal) return round.sub_goal;
  if (round.strategy === "summary") return t("strategySummary");
  return round.strategy === "person" ? t("strategyPerson") : t("roundTitle", { number: round.round });
}

function SkillLine({ skill, title }: { skill: Skill; title: string }) {
  const { t } = useI18n();
  const name = skill.title || skill.name;
  const parameters = Object.entries(skill.parameters ?? {}).filter(([, value]) => value !== null);
  return (
    <div className="skill">
      <p className={name === title ? "hidden-visually" : ""}>
        <span className="tone-muted">{t("skill")}</span>{" "}
        <b data-testid="skill-name" data-skill={skill.name}>
          {name}
        </b>
      </p>
      {skill.why && <p className="tone-muted">{skill.why}</p>}
      {parameters.length > 0 && (
        <ul className="chips" aria-label={t("parameters")}>
          {parameters.map(([parameter, value]) => (
            <li key={parameter} className="mono">
              <span className="tone-muted">{parameter}</span> {literal(value, 40)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** An observation repeats a value that is text. */
function hasOwnValue({ value, observation }: Round): boolean {
  if (value === null || value === undefined || value === "") return false;
  return typeof value !== "string" || !observation?.includes(value.trim());
}

type Panel = "calls" | "code" | "observation" | "check";

/** One row of switches, one panel open at a time; the row keeps its height while the round runs. */
function Details({ round }: { round: Round }) {
  const { t, number } = useI18n();
  const [open, setOpen] = useState<Panel | null>(null);
  const id = useId();
  const lines = round.code ? lineCount(round.code) : 0;
  const hasValue = hasOwnValue(round);
  const hasCalls = (round.calls?.length ?? 0) > 0;
  const tab = (panel: Panel, label: ReactNode, enabled: boolean) => (
    <button
      type="button"
      className="round-tab"
      data-testid={`round-${panel}`}
      aria-expanded={open === panel}
      aria-controls={open === panel ? id : undefined}
      disabled={!enabled}
      onClick={() => setOpen(open === panel ? null : panel)}
    >
      <ChevronRight size={14} aria-hidden />
      {label}
    </button>
  );
  return (
    <>
      <div className="round-tabs">
        {tab(
          "calls",
          <CallSummary calls={round.calls ?? []} total={round.calls_total} over={isOver(round.status)} />,
          hasCalls,
        )}
        {round.skill && lines > 0 && tab("code", t("codeLines", { count: number(lines) }), true)}
        {tab("observation", t("observation"), Boolean(round.observation) || hasValue)}
        {(round.self_check || budgetOf(round)) && tab("check", <CheckLabel round={round} />, true)}
      </div>
      {open !== null && (
        <div className="round-panel" id={id}>
          {open === "calls" && <Calls calls={round.calls} total={round.calls_total} />}
          {open === "code" && <Code code={round.code ?? ""} />}
          {open === "check" && <CheckPanel round={round} />}
          {open === "observation" && (
            <div className="round-values">
              {round.observation && <Scrolled className="mono">{round.observation}</Scrolled>}
              {hasValue && <Value value={round.value} />}
            </div>
          )}
        </div>
      )}
    </>
  );
}

const linesShown = 10;

const lineCount = (code: string): number => code.replace(/\s+$/, "").split("\n").length;

function Code({ code }: { code: string }) {
  const { t, number } = useI18n();
  const [open, setOpen] = useState(false);
  const text = code.replace(/\s+$/, "");
  const lines = lineCount(code);
  const long = lines > linesShown + 2;
  const folded = long && !open;
  const head = folded ? text.split("\n").slice(0, linesShown).join("\n") : text;
  return (
    <div className="code" data-testid="code">
      <div className="code-tools">
        <CopyButton text={code} label={t("copyCode")} />
      </div>
      <pre className={folded ? "folded" : ""} tabIndex={0} aria-label={t("codeLines", { count: number(lines) })}>
        <Highlighted text={head} language="python" />
      </pre>
      {long && (
        <button
          type="button"
          className="button ghost small code-more"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? t("showLess") : t("showAllLines", { count: number(lines) })}
        </button>
      )}
    </div>
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
          <Scrolled className="mono">{text.trim()}</Scrolled>
        </Fold>
      )}
    </div>
  );
}

function Value({ value }: { value: unknown }) {
  return (
    <Scrolled>
      {typeof value === "string" ? (
        <span className="mono">{value}</span>
      ) : (
        <Highlighted text={pretty(value)} language="json" />
      )}
    </Scrolled>
  );
}

/** Text of any length; one that scrolls can be reached by keyboard. */
function Scrolled({ className = "", children }: { className?: string; children: ReactNode }) {
  return (
    <pre className={`plain ${className}`} tabIndex={0}>
      {children}
    </pre>
  );
}
