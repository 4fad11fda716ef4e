// Language and theme: chosen by the person, else the browser's; kept in this browser.
import { useCallback, useEffect, useState } from "react";
import { languageOf, type Language } from "../i18n/context";

export type ThemeChoice = "system" | "light" | "dark";

export interface Preferences {
  language: Language;
  setLanguage: (language: Language) => void;
  themeChoice: ThemeChoice;
  theme: "light" | "dark";
  setTheme: (choice: ThemeChoice) => void;
}

export interface PreferenceDefaults {
  language?: string | null;
  theme?: string | null;
}

/** Storage may be forbidden (private windows, foreign frames): then nothing is kept. */
export function readKept(key: string): string | null {
  try {
    return localStorage.getItem(`sanca.${key}`);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(`sanca.${key}`, value);
  } catch (error) {
    console.debug("sanca: the browser keeps no settings", error);
  }
}

const isTheme = (value: string | null | undefined): value is ThemeChoice =>
  value === "system" || value === "light" || value === "dark";

export function usePreferences(defaults: PreferenceDefaults = {}): Preferences {
  const [language, chooseLanguage] = useState<Language>(() =>
    languageOf(defaults.language ?? readKept("language") ?? navigator.language),
  );
  const [themeChoice, chooseTheme] = useState<ThemeChoice>(() => {
    const kept = defaults.theme ?? readKept("theme");
    return isTheme(kept) ? kept : "system";
  });
  const systemDark = useMedia("(prefers-color-scheme: dark)");
  const setLanguage = useCallback((value: Language) => {
    keep("language", value);
    chooseLanguage(value);
  }, []);
  const setTheme = useCallback((value: ThemeChoice) => {
    keep("theme", value);
    chooseTheme(value);
  }, []);
  useEffect(() => {
    if (defaults.language) chooseLanguage(languageOf(defaults.language));
  }, [defaults.language]);
  useEffect(() => {
    if (isTheme(defaults.theme)) chooseTheme(defaults.theme);
  }, [defaults.theme]);
  const theme = themeChoice === "system" ? (systemDark ? "dark" : "light") : themeChoice;
  return { language, setLanguage, themeChoice, theme, setTheme };
}

export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const update = (): void => setMatches(list.matches);
    update();
    list.addEventListener("change", update);
    return () => list.removeEventListener("change", update);
  }, [query]);
  return matches;
}
