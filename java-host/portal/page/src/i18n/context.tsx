// The page's language and how numbers and times read in it.
import { createContext, useContext, useMemo, type ReactNode } from "react";
import { en, type Key } from "./en";
import { zh } from "./zh";

export type Language = "en" | "zh";
const dictionaries: Record<Language, Record<Key, string>> = { en, zh };

export interface I18n {
  language: Language;
  t: (key: Key, values?: Record<string, string | number>) => string;
  number: (value: number, digits?: number) => string;
  percent: (value: number) => string;
  seconds: (value: number) => string;
  bytes: (value: number) => string;
  time: (iso: string | number) => string;
  /** To the minute; with the day when it was another one. */
  moment: (iso: string | number) => string;
  ago: (iso: string) => string;
  /** A text of a card: a time with its zone as the person's own, anything else as it is. */
  text: (value: string) => string;
}

export function makeI18n(language: Language): I18n {
  const locale = language === "zh" ? "zh-CN" : "en";
  const number = (value: number, digits = 0): string =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
  return {
    language,
    t: (key, values) =>
      dictionaries[language][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values?.[name] ?? "")),
    number,
    percent: (value) =>
      new Intl.NumberFormat(locale, {
        style: "percent",
        maximumFractionDigits: value > 0 && value < 0.1 ? 1 : 0,
      }).format(value),
    seconds: (value) => {
      if (value < 1) return `${number(value * 1000)} ms`;
      if (value < 60) return `${number(value, 1)} s`;
      return `${Math.floor(value / 60)} min ${number(value % 60)} s`;
    },
    bytes: (value) => {
      if (value < 1024) return `${number(value)} B`;
      if (value < 1024 * 1024) return `${number(value / 1024, 1)} KB`;
      return `${number(value / 1024 / 1024, 1)} MB`;
    },
    time: (iso) =>
      new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(iso)),
    moment: (iso) => {
      const at = new Date(iso);
      const day = at.toDateString() === new Date().toDateString() ? {} : ({ month: "short", day: "numeric" } as const);
      return new Intl.DateTimeFormat(locale, { ...day, hour: "2-digit", minute: "2-digit", hour12: false }).format(at);
    },
    ago: (iso) => relative(iso, locale),
    text: (value) => (isMoment.test(value) ? whole(value, locale) : value),
  };
}

const isMoment = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;

function whole(iso: string, locale: string): string {
  const at = new Date(iso.replace(" ", "T"));
  if (Number.isNaN(at.getTime())) return iso;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" }).format(at);
}

function relative(iso: string, locale: string): string {
  const elapsed = (Date.now() - new Date(iso).getTime()) / 1000;
  if (Number.isNaN(elapsed)) return "";
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  if (elapsed < 45) return format.format(0, "second");
  if (elapsed < 3600) return format.format(-Math.round(elapsed / 60), "minute");
  if (elapsed < 86400) return format.format(-Math.round(elapsed / 3600), "hour");
  return format.format(-Math.round(elapsed / 86400), "day");
}

/** The language of a BCP 47 tag, English for all we do not speak. */
export function languageOf(tag: string | null | undefined): Language {
  return tag?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

const Context = createContext<I18n>(makeI18n("en"));

export function I18nProvider({ language, children }: { language: Language; children: ReactNode }) {
  const value = useMemo(() => makeI18n(language), [language]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export const useI18n = (): I18n => useContext(Context);
