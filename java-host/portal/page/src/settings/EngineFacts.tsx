// How the engine stands, as the host sees it.
import type { EngineStatus } from "../api/types";
import { useHost, usePolling } from "../app/host";
import { useI18n } from "../i18n/context";

export function EngineFacts() {
  const { t } = useI18n();
  const { client } = useHost();
  const { data } = usePolling<EngineStatus>(client.status, 5000);
  if (!data) return null;
  const { details } = data;
  return (
    <section className="settings-section" data-testid="engine-facts">
      <h2>{t("engineTitle")}</h2>
      <p>
        <span className={`dot ${data.engine === "up" ? "up" : "down"}`} /> {data.message || data.engine}
      </p>
      {details && (
        <dl className="facts">
          <Fact label={t("engineVersion")} value={details.version} />
          <Fact label={t("engineSandbox")} value={details.sandboxLevel} title={details.sandboxDetail} />
          <Fact label={t("engineGateway")} value={details.gateway} title={details.gatewayDetail} />
          <Fact label={t("engineStore")} value={details.store} />
          <Fact label={t("engineRuns")} value={String(details.runsLive ?? 0)} />
        </dl>
      )}
    </section>
  );
}

function Fact({ label, value, title }: { label: string; value: string; title?: string }) {
  return (
    <div title={title}>
      <dt>{label}</dt>
      <dd>{value || "–"}</dd>
    </div>
  );
}
