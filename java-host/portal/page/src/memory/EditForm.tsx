// Correcting a text in its place; what was changed by another meanwhile is shown, and what was written stays.
import { useState, type FormEvent, type KeyboardEvent } from "react";
import { HostError } from "../api/client";
import type { MemoryItem } from "../api/types";
import { useHost } from "../app/host";
import { useI18n } from "../i18n/context";
import { Spinner } from "../ui/controls";

export const preferenceKinds = ["do", "dont", "language", "role", "habit"] as const;
export type PreferenceKind = (typeof preferenceKinds)[number];

export const kindOf = (item: MemoryItem): PreferenceKind =>
  preferenceKinds.find((kind) => kind === item.data.kind) ?? "habit";

interface KindChoiceProps {
  value: PreferenceKind;
  onChange: (kind: PreferenceKind) => void;
}

export function KindChoice({ value, onChange }: KindChoiceProps) {
  const { t } = useI18n();
  return (
    <select
      className="input"
      aria-label={t("memoryPreferenceKind")}
      data-testid="preference-kind"
      value={value}
      onChange={(event) => onChange(event.target.value as PreferenceKind)}
    >
      {preferenceKinds.map((kind) => (
        <option key={kind} value={kind}>
          {t(`kind_${kind}`)}
        </option>
      ))}
    </select>
  );
}

interface EditFormProps {
  item: MemoryItem;
  onDone: () => void;
  /** It was saved, or another's newer text was read. */
  onRead: (item: MemoryItem) => void;
}

export function EditForm({ item, onDone, onRead }: EditFormProps) {
  const { t } = useI18n();
  const { client } = useHost();
  const [text, setText] = useState(item.text);
  const [kind, setKind] = useState<PreferenceKind>(kindOf(item));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [newer, setNewer] = useState<string | null>(null);
  const isPreference = item.layer === "preference";
  const { layer, id, sessionId, wholeTenant, revision } = item;

  const tell = (cause: Error): void => setError(cause.message === "unreachable" ? t("unreachable") : cause.message);
  const readAgain = async (): Promise<void> => {
    const found = await client.searchMemory({ layers: [layer], ids: [id], sessionId });
    const kept = found.items.find((one) => one.wholeTenant === wholeTenant);
    if (kept) onRead(kept);
    setNewer(kept?.text ?? null);
    setError(kept ? t("memoryConflict") : t("memoryGone"));
  };
  const save = async (event?: FormEvent): Promise<void> => {
    event?.preventDefault();
    setBusy(true);
    try {
      const key = { layer, id, sessionId, wholeTenant };
      onRead(await client.editMemory({ ...key, revision, text, ...(isPreference ? { data: { kind } } : {}) }));
      onDone();
    } catch (cause) {
      setBusy(false);
      if (cause instanceof HostError && cause.status === 409) await readAgain().catch(tell);
      else tell(cause as Error);
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") onDone();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save();
  };
  return (
    <form className="memory-edit" onSubmit={(event) => void save(event)}>
      {newer !== null && <blockquote className="memory-newer">{newer}</blockquote>}
      {isPreference && <KindChoice value={kind} onChange={setKind} />}
      <textarea
        className="input"
        required
        autoFocus
        rows={Math.min(14, Math.max(2, text.split("\n").length + Math.floor(text.length / 90)))}
        aria-label={t("memoryEditLabel")}
        data-testid="memory-edit-text"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {error && (
        <p className="notice error" role="alert" data-testid="memory-edit-error">
          {error}
        </p>
      )}
      <div className="memory-edit-actions">
        <button type="button" className="button" onClick={onDone}>
          {t("cancel")}
        </button>
        <button type="submit" className="button primary" data-testid="memory-save" disabled={busy || !text.trim()}>
          {busy && <Spinner />} {t("save")}
        </button>
      </div>
    </form>
  );
}
