// The API page: what the host's OpenAPI document lists, and the way to its own viewer.
import { ExternalLink, FileJson } from "lucide-react";
import { useEffect, useState } from "react";
import type { OpenApi } from "../api/types";
import { useHost } from "../app/host";
import { useI18n } from "../i18n/context";

interface Operation {
  method: string;
  path: string;
  summary: string;
}

const methods = ["get", "post", "put", "patch", "delete"];

/** The operations of the document by tag, in the document's order. */
export function operationsByTag(document: OpenApi): [string, Operation[]][] {
  const groups = new Map<string, Operation[]>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of methods.filter((name) => item[name])) {
      const { tags, summary, description } = item[method]!;
      const tag = (tags?.[0] ?? "").replace(/-controller$/, "");
      groups.set(tag, [...(groups.get(tag) ?? []), { method, path, summary: summary ?? description ?? "" }]);
    }
  }
  return [...groups];
}

export function ApiPage() {
  const { t } = useI18n();
  const { client } = useHost();
  const [document, setDocument] = useState<OpenApi | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    client.openApi().then(setDocument, () => setFailed(true));
  }, [client]);
  return (
    <div className="document">
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
      {failed && <p className="notice warning">{t("apiUnreachable")}</p>}
      {document &&
        operationsByTag(document).map(([tag, operations]) => (
          <section key={tag} className="api-group">
            <h2>{tag}</h2>
            <ul>
              {operations.map(({ method, path, summary }) => (
                <li key={`${method} ${path}`}>
                  <span className={`badge method ${method}`}>{method.toUpperCase()}</span>
                  <code className="mono">{path}</code>
                  <span className="tone-muted">{summary}</span>
                </li>
              ))}
            </ul>
          </section>
        ))}
    </div>
  );
}
