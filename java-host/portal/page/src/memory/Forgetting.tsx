// Asking before anything is forgotten: it cannot be undone.
import { useState, type FormEvent } from "react";
import { useHost } from "../app/host";
import { useI18n } from "../i18n/context";
import { Modal, Spinner } from "../ui/controls";

interface ForgettingProps {
  title: string;
  text: string;
  action: string;
  /** A word that must be typed first. */
  word?: string;
  forget: () => Promise<unknown>;
  onClose: () => void;
  onForgotten: () => void;
}

export function Forgetting({ title, text, action, word, forget, onClose, onForgotten }: ForgettingProps) {
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setBusy(true);
    forget().then(
      () => {
        onClose();
        onForgotten();
      },
      (cause: Error) => {
        setBusy(false);
        setError(cause.message === "unreachable" ? t("unreachable") : cause.message);
      },
    );
  };
  return (
    <Modal title={title} onClose={onClose} testId="forgetting">
      <form onSubmit={submit}>
        <p className="tone-muted">{text}</p>
        {word && (
          <label className="field memory-typed">
            <span>{t("memoryForgetAllType", { word })}</span>
            <input
              className="input"
              autoComplete="off"
              data-testid="forget-word"
              data-autofocus
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
        )}
        {error && (
          <p className="notice error" role="alert">
            {error}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" data-autofocus={word ? undefined : true} onClick={onClose}>
            {t("cancel")}
          </button>
          <button
            type="submit"
            className="button danger"
            data-testid="forget-yes"
            disabled={busy || (word !== undefined && typed.trim().toLowerCase() !== word)}
          >
            {busy && <Spinner />} {action}
          </button>
        </div>
      </form>
    </Modal>
  );
}

export function ForgetEverything({ onClose, onForgotten }: { onClose: () => void; onForgotten: () => void }) {
  const { t } = useI18n();
  const { client } = useHost();
  return (
    <Forgetting
      title={t("memoryForgetAllTitle")}
      text={t("memoryForgetAllText")}
      action={t("memoryForgetAll")}
      word={t("memoryForgetWord")}
      forget={client.forgetEverything}
      onClose={onClose}
      onForgotten={onForgotten}
    />
  );
}
