// The fleet: services with their health, and the faults broken on purpose.
import { RotateCcw } from "lucide-react";
import { memo, useCallback, useState } from "react";
import type { Fleet, Metrics, Service } from "../api/types";
import { may, useHost, usePolling, type Polled } from "../app/host";
import { useI18n } from "../i18n/context";
import type { Key } from "../i18n/en";
import { Confirm } from "../ui/controls";
import { Faults } from "./Faults";
import { Sparkline } from "./Sparkline";

export const statusLabels: Record<Service["status"], Key> = {
  up: "statusUp",
  degraded: "statusDegraded",
  down: "statusDown",
};

export function FleetPanel({ fleet }: { fleet: Polled<Fleet> }) {
  const { t } = useI18n();
  const host = useHost();
  const [resetting, setResetting] = useState(false);
  const services = fleet.data?.services ?? [];
  const reset = (): void => void host.client.resetFleet().then(fleet.refresh, fleet.refresh);
  return (
    <div className="fleet">
      {fleet.error && (
        <p className="notice warning" role="status">
          {t("fleetUnreachable")}
        </p>
      )}
      <section aria-label={t("services")}>
        <h2 className="panel-title">{t("services")}</h2>
        <ul className="services">
          {services.map((service) => (
            <ServiceRow key={service.name} service={service} />
          ))}
        </ul>
      </section>
      <Faults faults={fleet.data?.faults ?? []} refresh={fleet.refresh} />
      {may(host, "fleet:inject") && (
        <button type="button" className="button ghost small fleet-reset" onClick={() => setResetting(true)}>
          <RotateCcw size={13} aria-hidden />
          {t("resetFleet")}
        </button>
      )}
      {resetting && (
        <Confirm
          title={t("resetTitle")}
          text={t("resetText")}
          action={t("resetFleet")}
          onYes={reset}
          onClose={() => setResetting(false)}
        />
      )}
    </div>
  );
}

const ServiceRow = memo(function ServiceRow({ service }: { service: Service }) {
  const { t, number, percent, seconds } = useI18n();
  const { client } = useHost();
  const read = useCallback(() => client.metrics(service.name, "latency_p95_ms", 15), [client, service.name]);
  const metrics = usePolling<Metrics>(read, 15_000);
  const latency = service.latencyP95Ms ?? 0;
  const values = (metrics.data?.latency_p95_ms ?? []).map((point) => point.value);
  return (
    <li
      className="service"
      data-sanca-anchor={`fleet/${service.name}`}
      data-testid={`service-${service.name}`}
      data-status={service.status}
    >
      <div className="service-name">
        <span className={`dot ${service.status}`} aria-hidden />
        <b>{service.name}</b>
        {service.status !== "up" && (
          <span className={`badge ${service.status === "down" ? "bad" : "warn"}`}>
            {t(statusLabels[service.status])}
          </span>
        )}
        {service.status === "up" && <span className="hidden-visually">{t("statusUp")}</span>}
        <span className="mono tone-muted service-release" title={t("release")}>
          {service.release}
        </span>
      </div>
      <div className="service-figures num">
        <span>
          {number(service.requestsPerSecond ?? 0, service.requestsPerSecond < 10 ? 1 : 0)} <i>{t("perSecond")}</i>
        </span>
        <span className={service.errorRate > 0.01 ? "tone-bad" : ""}>
          {percent(service.errorRate ?? 0)} <i>{t("errors")}</i>
        </span>
        <span>
          <i>{t("latency")}</i> {seconds(latency / 1000)}
        </span>
        <Sparkline
          values={values.length > 1 ? values : [latency, latency]}
          label={t("latencySpark", { service: service.name, value: number(latency) })}
          tone={service.status}
        />
      </div>
    </li>
  );
});
