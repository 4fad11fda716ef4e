// What self-check said of a round's claim, and how much of each budget is spent.
import { CircleHelp, ShieldCheck, TriangleAlert } from "lucide-react";
import type { BudgetName, Round, SelfCheck } from "../agui/activities";
import { useI18n } from "../i18n/context";
import type { Key } from "../i18n/en";

const names: Record<BudgetName, Key> = {
  rounds: "budgetRounds",
  calls: "budgetCalls",
  tokens: "budgetTokens",
  money: "budgetMoney",
  seconds: "budgetSeconds",
};
const worthSaying = 0.1;
const near = 0.8;

/** The budget of which most is spent; null while little is. */
export function budgetOf(round: Round): { name: BudgetName; share: number } | null {
  const shares = Object.entries(round.budget ?? {}) as [BudgetName, number][];
  const [name, share] = shares.reduce((most, one) => (one[1] > most[1] ? one : most), ["rounds", 0]);
  return share >= worthSaying && round.strategy !== "experience" ? { name, share: Math.min(share, 1) } : null;
}

function lookOf(check: SelfCheck): { tone: string; icon: typeof ShieldCheck; label: Key } {
  if (["missing", "failed"].includes(check.verdict)) {
    return { tone: "warn", icon: TriangleAlert, label: check.verdict === "missing" ? "checkMissing" : "checkRefused" };
  }
  if ((check.unverified ?? []).length > 0) return { tone: "warn", icon: CircleHelp, label: "checkPartly" };
  return { tone: "ok", icon: ShieldCheck, label: "checkConfirmed" };
}

/** The label of the switch that opens the panel. */
export function CheckLabel({ round }: { round: Round }) {
  const { t, percent } = useI18n();
  const budget = budgetOf(round);
  const look = round.self_check ? lookOf(round.self_check) : null;
  const Icon = look?.icon;
  return (
    <span className="check-label">
      {look && Icon && (
        <span className={`tone-${look.tone}`} data-testid="self-check" data-verdict={round.self_check?.verdict}>
          <Icon size={13} aria-hidden /> {t(look.label)}
        </span>
      )}
      {budget && (
        <span className={`num ${budget.share >= near ? "tone-warn" : ""}`} data-testid="budget">
          {t("budgetSpent", { share: percent(budget.share) })}
        </span>
      )}
    </span>
  );
}

export function CheckPanel({ round }: { round: Round }) {
  const { t, percent } = useI18n();
  const check = round.self_check;
  const shares = Object.entries(round.budget ?? {}) as [BudgetName, number][];
  return (
    <div className="round-check">
      {check && (
        <>
          <Sentences label={null} texts={check.reasons} />
          <Sentences label={t("checkVerified")} texts={check.verified} />
          <Sentences label={t("checkUnverified")} texts={check.unverified} />
        </>
      )}
      {shares.some(([, share]) => share > 0) && (
        <ul className="budgets" aria-label={t("budget")}>
          {shares
            .filter(([, share]) => share > 0)
            .map(([name, share]) => (
              <li key={name}>
                <span>{t(names[name] ?? "budget")}</span>
                <span
                  className={`meter ${share >= near ? "near" : ""}`}
                  role="meter"
                  aria-label={t(names[name] ?? "budget")}
                  aria-valuemin={0}
                  aria-valuemax={1}
                  aria-valuenow={Math.min(share, 1)}
                >
                  <i style={{ width: `${Math.min(share, 1) * 100}%` }} />
                </span>
                <span className="num tone-muted">{percent(share)}</span>
              </li>
            ))}
        </ul>
      )}
    </div>
  );
}

function Sentences({ label, texts }: { label: string | null; texts: string[] | undefined }) {
  if (!texts || texts.length === 0) return null;
  return (
    <div>
      {label && <p className="tone-muted">{label}</p>}
      <ul>
        {texts.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </div>
  );
}
