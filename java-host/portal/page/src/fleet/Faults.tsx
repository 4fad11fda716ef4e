// Break something on purpose, and see whether it is repaired.
import { Check, CircleHelp, TriangleAlert, Zap } from "lucide-react";
import { useId, useState } from "react";
import type { Fault } from "../api/types";
import { may, useHost } from "../app/host";
import { useI18n } from "../i18n/context";
import type { Key } from "../i18n/en";
import { Spinner } from "../ui/controls";
import { pretty } from "../ui/text";

const kinds = ["bad_config", "bug_release", "exhausted_pool", "slow_dependency", "disk_full", "port_clash"] as const;

export function Faults({ faults, refresh }: { faults: Fault[]; refresh: () => void }) {
  const { t } = useI18n();
  const host = useHost();
  const seedId = useId();
  const [seed, setSeed] = useState("");
  const [two, setTwo] = useState(false);
  const [busy, setBusy] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const allowed = may(host, "fleet:inject");
  const inject = async (kind: string | null): Promise<void> => {
    setBusy(kind ?? "random");
    setError(null);
    try {
      await host.client.injectFaults({
        ...(kind ? { kind } : {}),
        ...(seed.trim() ? { seed: Number(seed) } : {}),
        ...(two ? { count: 2 } : {}),
      });
    } catch (cause) {
      setError((cause as Error).message === "unreachable" ? t("unreachable") : (cause as Error).message);
    } finally {
      setBusy(null);
      refresh();
    }
  };
  const button = (kind: string | null, label: string) => (
    <button
      key={kind ?? "random"}
      type="button"
      className="button small"
      data-testid={`fault-${kind ?? "random"}`}
      disabled={!allowed || busy !== null}
      title={allowed ? undefined : t("injectNoRight")}
      onClick={() => void inject(kind)}
    >
      {busy === (kind ?? "random") ? <Spinner size={13} /> : <Zap size={13} aria-hidden className="tone-muted" />}
      {label}
    </button>
  );
  return (
    <section className="faults" aria-label={t("faults")}>
      <h2 className="panel-title">{t("faults")}</h2>
      <p className="tone-muted panel-text">{allowed ? t("faultsText") : t("injectNoRight")}</p>
      <div className="fault-buttons">
        {kinds.map((kind) => button(kind, t(`fault_${kind}`)))}
        {button(null, t("fault_random"))}
      </div>
      <div className="fault-options">
        <label htmlFor={seedId}>{t("seed")}</label>
        <input
          id={seedId}
          className="input num"
          inputMode="numeric"
          data-testid="fault-seed"
          data-sanca-anchor="fleet/faults/seed"
          placeholder={t("seedHint")}
          value={seed}
          disabled={!allowed}
          onChange={(event) => setSeed(event.target.value.replace(/[^\d]/g, ""))}
        />
        <label className="check">
          <input
            type="checkbox"
            data-testid="fault-two"
            data-sanca-anchor="fleet/faults/two"
            checked={two}
            disabled={!allowed}
            onChange={(event) => setTwo(event.target.checked)}
          />
          <span>{t("twoAtOnce")}</span>
        </label>
      </div>
      {error && (
        <p className="notice error" role="alert">
          {error}
        </p>
      )}
      {faults.length === 0 ? (
        <p className="tone-muted panel-text">{t("noFaults")}</p>
      ) : (
        <ul className="fault-list">
          {newestFirst(faults).map((fault) => (
            <FaultItem key={fault.id} fault={fault} allowed={allowed} />
          ))}
        </ul>
      )}
    </section>
  );
}

function newestFirst(faults: Fault[]): Fault[] {
  return faults.toSorted((left, right) => right.injectedAt.localeCompare(left.injectedAt));
}

type Checked = "unknown" | "repaired" | "broken";

function FaultItem({ fault, allowed }: { fault: Fault; allowed: boolean }) {
  const { t, ago } = useI18n();
  const { client } = useHost();
  const [checked, setChecked] = useState<Checked>("unknown");
  const state: Checked = checked === "unknown" && fault.repaired ? "repaired" : checked;
  const [details, setDetails] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const check = async (): Promise<void> => {
    setBusy(true);
    try {
      const result = await client.checkFault(fault.id);
      setChecked(result.repaired ? "repaired" : "broken");
      setDetails(result.details ? pretty(result.details) : null);
    } catch (cause) {
      setDetails((cause as Error).message === "unreachable" ? t("unreachable") : (cause as Error).message);
    } finally {
      setBusy(false);
    }
  };
  const look = {
    unknown: { icon: CircleHelp, tone: "", label: t("notChecked") },
    repaired: { icon: Check, tone: "ok", label: t("repaired") },
    broken: { icon: TriangleAlert, tone: "bad", label: t("notRepaired") },
  }[state];
  const Icon = look.icon;
  const key = `fault_${fault.kind}` as Key;
  return (
    <li className={`fault ${state}`} data-testid="fault-item" data-kind={fault.kind} data-id={fault.id}>
      <div className="fault-head">
        <b>{kinds.some((kind) => kind === fault.kind) ? t(key) : fault.kind}</b>
        <span className="tone-muted">{ago(fault.injectedAt)}</span>
        <span className={`badge ${look.tone}`} data-testid="fault-state" data-state={state} role="status">
          <Icon size={12} aria-hidden />
          {look.label}
        </span>
      </div>
      {details && <p className="panel-text tone-muted fault-details">{details}</p>}
      <div className="fault-foot">
        <details className="fold">
          <summary>{t("revealFault")}</summary>
          <p className="panel-text">{fault.description}</p>
        </details>
        <button
          type="button"
          className="button small"
          data-testid="fault-check"
          disabled={busy || !allowed}
          title={allowed ? undefined : t("injectNoRight")}
          onClick={() => void check()}
        >
          {busy && <Spinner size={13} />}
          {t("checkRepaired")}
        </button>
      </div>
    </li>
  );
}
