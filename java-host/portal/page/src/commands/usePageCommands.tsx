// Binds page commands to React: what a command did is said aloud, in the page's language.
import { useCallback, useRef, useState } from "react";
import { makeI18n, type Language } from "../i18n/context";
import type { Key } from "../i18n/en";
import { carryOut, type PageCommand, type PageReply, type PageTools } from "./pageCommands";

const words: Record<PageCommand["command"], Key> = {
  open: "commandOpened",
  highlight: "commandShown",
  fill: "commandFilled",
};

export function usePageCommands(tools: Omit<PageTools, "announce">, language: Language) {
  const [said, setSaid] = useState("");
  const known = useRef({ tools, language });
  known.current = { tools, language };
  const onCommand = useCallback((command: PageCommand): Promise<PageReply> => {
    const announce = ({ command: done, target }: PageCommand): void =>
      setSaid(makeI18n(known.current.language).t(words[done], { target }));
    return carryOut(command, { ...known.current.tools, announce });
  }, []);
  return { onCommand, said };
}

export function Said({ text }: { text: string }) {
  return (
    <p className="hidden-visually" role="status" data-testid="page-said">
      {text}
    </p>
  );
}

/** Leaves once the answer to the command is on its way. */
export const leaveTo = (url: string): void => void setTimeout(() => location.assign(url), 300);
