// What stands between the person and the conversation: a lost connection, a stopped engine, a sentence of the host.
import { CircleAlert, PlugZap, X } from "lucide-react";
import type { SessionView } from "../agui/session";
import { HostError } from "../api/client";
import { useI18n } from "../i18n/context";
import { IconButton, Spinner } from "../ui/controls";

interface BannerProps {
  view: SessionView;
  onReconnect: () => void;
  onClear: () => void;
  /** What the last look at the host said; null when it answers. */
  trouble?: Error | null;
}

export function Banner({ view, onReconnect, onClear, trouble }: BannerProps) {
  const { t } = useI18n();
  const { connection, problem } = view;
  if (problem) {
    return (
      <div className="banner bad" role="alert" data-testid="banner" data-kind="problem">
        <CircleAlert size={16} aria-hidden />
        <p>{problem}</p>
        <IconButton small icon={X} label={t("close")} onClick={onClear} />
      </div>
    );
  }
  if (connection === "lost" || connection === "restarting") {
    return (
      <div className="banner warn" role="status" data-testid="banner" data-kind={connection}>
        <Spinner size={16} />
        <p>{connection === "lost" ? t("connectionLost") : t("engineRestarting")}</p>
      </div>
    );
  }
  if (connection === "failed") {
    return (
      <div className="banner bad" role="alert" data-testid="banner" data-kind="failed">
        <PlugZap size={16} aria-hidden />
        <p>{t("connectionFailed")}</p>
        <button type="button" className="button small" onClick={onReconnect}>
          {t("reconnect")}
        </button>
      </div>
    );
  }
  if (trouble instanceof HostError && isAway(trouble.status)) {
    const gone = trouble.status === 0;
    return (
      <div className="banner warn" role="status" data-testid="banner" data-kind={gone ? "lost" : "restarting"}>
        <Spinner size={16} />
        <p>{gone ? t("hostGone") : t("engineAway")}</p>
      </div>
    );
  }
  return null;
}

const isAway = (status: number): boolean => status === 0 || (status >= 502 && status <= 504);
