// The API page: the host's OpenAPI document in its own viewer.
import { ExternalLink, FileJson } from "lucide-react";
import { useHost } from "../app/host";
import { useI18n } from "../i18n/context";

export function ApiPage() {
  const { t } = useI18n();
  const { client } = useHost();
  return (
    <div className="document wide">
      <h1>{t("apiTitle")}</h1>
      <p className="tone-muted">{t("apiText")}</p>
      <p className="link-row">
        <a className="button" href={`${client.base}/swagger-ui.html`} target="_blank" rel="noopener">
          <ExternalLink size={14} aria-hidden />
          {t("apiOpen")}
        </a>
        <a className="button" href={`${client.base}/v3/api-docs`} target="_blank" rel="noopener">
          <FileJson size={14} aria-hidden />
          {t("apiSchema")}
        </a>
      </p>
      <iframe className="api-frame" title={t("apiTitle")} src={`${client.base}/swagger-ui.html`} />
    </div>
  );
}
