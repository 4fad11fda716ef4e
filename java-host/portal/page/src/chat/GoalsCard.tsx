// The sub-goals of a run: where each stands, why, and what shows it.
import { Ban, Check, Circle, CircleDot, ListChecks } from "lucide-react";
import { useId } from "react";
import type { Goals, GoalStatus, SubGoal } from "../agui/activities";
import { useI18n } from "../i18n/context";
import type { Key } from "../i18n/en";
import { Spinner } from "../ui/controls";
import { CallLink } from "./CallLink";
import type { Tone } from "./Calls";

const looks: Record<GoalStatus, { icon: typeof Check; tone: Tone; label: Key }> = {
  open: { icon: Circle, tone: "muted", label: "goalOpen" },
  active: { icon: CircleDot, tone: "accent", label: "goalActive" },
  done: { icon: Check, tone: "ok", label: "goalDone" },
  abandoned: { icon: Ban, tone: "warn", label: "goalAbandoned" },
};

interface GoalsProps {
  goals: Goals;
  /** What a call is called, by its id. */
  nameOf: (callId: string) => string | null;
  /** Whether the run is over: nothing is under way then, whatever the last word was. */
  over: boolean;
}

export function GoalsCard({ goals, nameOf, over }: GoalsProps) {
  const { t, number } = useI18n();
  const id = useId();
  const closed = goals.sub_goals.filter((goal) => goal.status === "done" || goal.status === "abandoned").length;
  const done = goals.sub_goals.filter((goal) => goal.status === "done").length;
  const total = goals.sub_goals.length;
  const counted = t("goalsDone", { done: number(done), total: number(total) });
  return (
    <article className="goals" data-testid="goals" aria-labelledby={id}>
      <header>
        <ListChecks size={16} aria-hidden />
        <h2 id={id}>{goals.goal || t("goalsTitle")}</h2>
        {goals.planned === "restored" && <span className="badge">{t("goalsRestored")}</span>}
        <span className="num tone-muted" role="status">
          {counted}
        </span>
      </header>
      <div className="progress" role="progressbar" aria-label={counted} aria-valuemax={total} aria-valuenow={closed}>
        <div style={{ width: `${total > 0 ? (closed / total) * 100 : 0}%` }} />
      </div>
      <ol>
        {goals.sub_goals.map((goal) => (
          <Goal key={goal.id} goal={goal} others={goals.sub_goals} {...{ nameOf, over }} />
        ))}
      </ol>
    </article>
  );
}

interface GoalProps {
  goal: SubGoal;
  others: SubGoal[];
  nameOf: GoalsProps["nameOf"];
  over: boolean;
}

function Goal({ goal, others, nameOf, over }: GoalProps) {
  const { t } = useI18n();
  const look = looks[goal.status] ?? looks.open;
  const Icon = look.icon;
  const waitsFor =
    goal.status === "open" ? others.filter((one) => goal.depends_on.includes(one.id) && !isClosed(one)) : [];
  return (
    <li className={`goal ${goal.status}`} data-testid="goal" data-status={goal.status}>
      <span className={`state-icon tone-${look.tone}`}>
        {goal.status === "active" && !over ? <Spinner /> : <Icon size={14} strokeWidth={2.4} aria-hidden />}
      </span>
      <div>
        <p className="goal-title">
          {goal.title} <span className="hidden-visually">{t(look.label)}</span>
        </p>
        {goal.reason && <p className="goal-reason">{goal.reason}</p>}
        {waitsFor.length > 0 && (
          <p className="goal-reason">{t("goalWaits", { names: waitsFor.map((one) => one.title).join(", ") })}</p>
        )}
        {goal.evidence.length > 0 && (
          <ul className="goal-evidence" aria-label={t("evidence")}>
            {goal.evidence.map((name) => (
              <li key={name}>
                {name.includes("/") && nameOf(name) ? (
                  <CallLink callId={name}>
                    <span className="mono">{nameOf(name)}</span>
                  </CallLink>
                ) : (
                  <span className="mono call-link">{name.split("/").at(-1)}</span>
                )}
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

const isClosed = (goal: SubGoal): boolean => goal.status === "done" || goal.status === "abandoned";
