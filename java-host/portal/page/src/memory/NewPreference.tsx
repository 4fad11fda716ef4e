// "What I know about you": how it is used, and a line to add to it.
import { useState, type FormEvent } from "react";
import { useHost } from "../app/host";
import { useI18n } from "../i18n/context";
import { Spinner } from "../ui/controls";
import { KindChoice, type PreferenceKind } from "./EditForm";

export function NewPreference({ onAdded }: { onAdded: () => void }) {
  const { t } = useI18n();
  const { client } = useHost();
  const [text, setText] = useState("");
  const [kind, setKind] = useState<PreferenceKind>("do");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const key = { layer: "preference", id: "", sessionId: "", wholeTenant: false } as const;
      await client.editMemory({ ...key, revision: 0, text: text.trim(), data: { kind } });
      setText("");
      onAdded();
    } catch (cause) {
      setError((cause as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="memory-section">
      <h2>{t("memoryAboutYou")}</h2>
      <p className="tone-muted">{t("memoryPreferenceText")}</p>
      <form className="memory-add" onSubmit={(event) => void submit(event)}>
        <KindChoice value={kind} onChange={setKind} />
        <input
          className="input"
          maxLength={500}
          aria-label={t("memoryPreferenceLabel")}
          placeholder={t("memoryPreferencePlaceholder")}
          data-testid="preference-text"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="button primary" data-testid="preference-add" disabled={busy || !text.trim()}>
          {busy && <Spinner />} {t("memoryAdd")}
        </button>
      </form>
      {error && (
        <p className="notice error" role="alert">
          {error === "unreachable" ? t("unreachable") : error}
        </p>
      )}
    </section>
  );
}
