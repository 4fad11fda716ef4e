// Which model the engine asks. The key goes in and never comes out again.
import { CircleAlert, CircleCheck } from "lucide-react";
import { useEffect, useState, type FormEvent } from "react";
import type { ModelChange, ModelSettings } from "../api/types";
import { may, useHost } from "../app/host";
import { useI18n } from "../i18n/context";
import { Spinner } from "../ui/controls";

const role = "general";
const blank: ModelChange = { role, kind: "openai", model: "", baseUrl: "", apiKey: "" };
const baseUrls: Record<string, string> = {
  openai: "https://api.openai.com/v1",
  "openai-responses": "https://api.openai.com/v1",
  dashscope: "https://dashscope.aliyuncs.com/api/v1",
  anthropic: "https://api.anthropic.com",
};
const examples: Record<string, string> = {
  openai: "gpt-5",
  "openai-responses": "gpt-5",
  dashscope: "qwen3-max",
  anthropic: "claude-sonnet-5-5",
};

interface Result {
  ok: boolean;
  text: string;
}

export function ModelForm() {
  const { t, seconds } = useI18n();
  const host = useHost();
  const [set, setSet] = useState<ModelSettings | null>(null);
  const [form, setForm] = useState<ModelChange>(blank);
  const [busy, setBusy] = useState<"test" | "save" | null>(null);
  const [result, setResult] = useState<Result | null>(null);
  const allowed = may(host, "sanca:settings");
  const { client } = host;
  useEffect(() => {
    client.models().then(
      (models) => {
        const current = models.find((model) => model.role === role) ?? models[0] ?? null;
        setSet(current);
        if (current) setForm({ ...blank, ...current, apiKey: "" });
      },
      (error: Error) => setResult({ ok: false, text: error.message }),
    );
  }, [client]);
  const change = (part: Partial<ModelChange>): void => setForm((now) => ({ ...now, ...part }));
  const attempt = async (kind: "test" | "save", action: () => Promise<Result>): Promise<void> => {
    setBusy(kind);
    setResult(null);
    try {
      setResult(await action());
    } catch (error) {
      setResult({
        ok: false,
        text: (error as Error).message === "unreachable" ? t("unreachable") : (error as Error).message,
      });
    } finally {
      setBusy(null);
    }
  };
  const test = (): Promise<void> =>
    attempt("test", async () => {
      const answer = await client.testModel(form);
      return { ok: answer.ok, text: `${answer.message} (${seconds(answer.seconds)})` };
    });
  const save = (event: FormEvent): void => {
    event.preventDefault();
    void attempt("save", async () => {
      await client.setModel(form);
      const { role: saved, kind, model, baseUrl, apiKey } = form;
      setSet({ role: saved, kind, model, baseUrl, hasKey: apiKey !== "" || (set?.hasKey ?? false) });
      change({ apiKey: "" });
      return { ok: true, text: t("modelSaved") };
    });
  };
  const remove = (): Promise<void> =>
    attempt("save", async () => {
      await client.removeModel(form.role);
      setSet(null);
      setForm(blank);
      return { ok: true, text: t("modelRemoved") };
    });
  return (
    <section className="settings-section">
      <h2>{t("modelTitle")}</h2>
      <p className="tone-muted">{t("modelText")}</p>
      <p data-testid="settings-model-current">
        <span className={`dot ${set ? "up" : ""}`} /> {set ? t("modelCurrent", { model: set.model }) : t("modelNone")}
      </p>
      {!allowed && <p className="notice info">{t("settingsNoRight")}</p>}
      <form onSubmit={save}>
        <fieldset disabled={!allowed || busy !== null} className="settings-grid">
          <label className="field">
            <span>{t("modelKind")}</span>
            <select
              className="input"
              data-testid="settings-model-kind"
              value={form.kind}
              onChange={(event) => change({ kind: event.target.value })}
            >
              <option value="openai">{t("modelOpenai")}</option>
              <option value="openai-responses">{t("modelResponses")}</option>
              <option value="dashscope">{t("modelDashscope")}</option>
              <option value="anthropic">{t("modelAnthropic")}</option>
            </select>
          </label>
          <label className="field">
            <span>{t("modelName")}</span>
            <input
              className="input"
              required
              data-testid="settings-model-name"
              placeholder={examples[form.kind]}
              value={form.model}
              onChange={(event) => change({ model: event.target.value })}
            />
          </label>
          <label className="field wide">
            <span>{t("modelBaseUrl")}</span>
            <input
              className="input"
              type="url"
              data-testid="settings-model-url"
              placeholder={baseUrls[form.kind]}
              value={form.baseUrl}
              onChange={(event) => change({ baseUrl: event.target.value })}
            />
          </label>
          <label className="field wide">
            <span>{t("modelKey")}</span>
            <input
              className="input"
              type="password"
              autoComplete="off"
              data-testid="settings-model-key"
              value={form.apiKey}
              onChange={(event) => change({ apiKey: event.target.value })}
            />
            <span className="hint">{set?.hasKey ? t("modelKeyKept") : t("modelKeyHint")}</span>
          </label>
          {result && (
            <p
              className={`notice wide ${result.ok ? "success" : "error"}`}
              role="status"
              data-testid="settings-model-result"
              data-ok={result.ok}
            >
              {result.ok ? <CircleCheck size={15} aria-hidden /> : <CircleAlert size={15} aria-hidden />}
              {result.text}
            </p>
          )}
          <div className="settings-actions wide">
            {set && (
              <button
                type="button"
                className="button ghost danger"
                data-testid="settings-model-remove"
                onClick={() => void remove()}
              >
                {t("modelRemove")}
              </button>
            )}
            <button
              type="button"
              className="button"
              data-testid="settings-model-test"
              disabled={!form.model}
              onClick={() => void test()}
            >
              {busy === "test" && <Spinner />}
              {busy === "test" ? t("modelTesting") : t("modelTest")}
            </button>
            <button type="submit" className="button primary" data-testid="settings-model-save" disabled={!form.model}>
              {t("save")}
            </button>
          </div>
        </fieldset>
      </form>
    </section>
  );
}
