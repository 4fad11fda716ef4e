// What the tools that come with sanca say of themselves, in the page's language. Tools of a portal speak as they are written.
import type { Language } from "./context";
import texts from "./toolTexts.json";

const known: Partial<Record<Language, Record<string, string>>> = texts;

export const toolText = (text: string, language: Language): string => known[language]?.[text] ?? text;
