// The sign-in form, shown when the host says that nobody is signed in.
import { useState, type FormEvent } from "react";
import { useI18n } from "../i18n/context";
import { Logo } from "../ui/Logo";
import { useHost } from "./host";

export function SignIn({ onDone }: { onDone: () => void }) {
  const { t } = useI18n();
  const { client } = useHost();
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      await client.signIn(String(data.get("username")), String(data.get("password")));
      onDone();
    } catch (cause) {
      setError((cause as Error).message === "unreachable" ? t("unreachable") : t("signInFailed"));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <Logo size={36} />
        <h1>{t("signInTitle")}</h1>
        <p className="tone-muted">{t("signInText")}</p>
        <label className="field">
          <span>{t("userName")}</span>
          <input className="input" name="username" autoComplete="username" required />
        </label>
        <label className="field">
          <span>{t("password")}</span>
          <input className="input" name="password" type="password" autoComplete="current-password" required />
        </label>
        {error && (
          <p className="notice error" role="alert">
            {error}
          </p>
        )}
        <button type="submit" className="button primary" disabled={busy}>
          {t("signIn")}
        </button>
      </form>
    </main>
  );
}
