// The settings page: model, language, theme.
import type { Preferences, ThemeChoice } from "../app/preferences";
import type { Language } from "../i18n/context";
import { useI18n } from "../i18n/context";
import type { Key } from "../i18n/en";
import { EngineFacts } from "./EngineFacts";
import { ModelForm } from "./ModelForm";

const themes: [ThemeChoice, Key][] = [
  ["system", "system"],
  ["light", "light"],
  ["dark", "dark"],
];
const languages: [Language, string][] = [
  ["en", "English"],
  ["zh", "中文"],
];

export function SettingsPage({ preferences }: { preferences: Preferences }) {
  const { t } = useI18n();
  return (
    <div className="document">
      <ModelForm />
      <EngineFacts />
      <section className="settings-section">
        <h2>{t("appearance")}</h2>
        <fieldset className="field">
          <span>{t("theme")}</span>
          <Segments
            name="theme"
            options={themes.map(([value, key]) => [value, t(key)])}
            value={preferences.themeChoice}
            onChange={preferences.setTheme}
          />
        </fieldset>
        <fieldset className="field">
          <span>{t("language")}</span>
          <Segments
            name="language"
            options={languages}
            value={preferences.language}
            onChange={preferences.setLanguage}
          />
        </fieldset>
      </section>
    </div>
  );
}

interface SegmentsProps<T extends string> {
  name: string;
  options: [T, string][];
  value: T;
  onChange: (value: T) => void;
}

function Segments<T extends string>({ name, options, value, onChange }: SegmentsProps<T>) {
  return (
    <div className="segments">
      {options.map(([option, label]) => (
        <label key={option}>
          <input type="radio" name={name} checked={option === value} onChange={() => onChange(option)} />
          <span>{label}</span>
        </label>
      ))}
    </div>
  );
}
