// Text that comes from outside: Markdown (no raw HTML passes), highlighted Python, short forms of values.
import hljs from "highlight.js/lib/core";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import { memo, useMemo, type AnchorHTMLAttributes } from "react";
import ReactMarkdown from "react-markdown";
import remarkCjkFriendly from "remark-cjk-friendly";
import remarkGfm from "remark-gfm";

hljs.registerLanguage("python", python);
hljs.registerLanguage("json", json);

/** Emphasis beside Chinese punctuation is read as people mean it. */
const plugins = [remarkGfm, remarkCjkFriendly];

const loopback = /^https?:\/\/(127\.|localhost\b|\[::1\])/;

/** An address of the machine itself is a fact in a log line, not a place to go to. */
function OutsideLink({ href, children }: AnchorHTMLAttributes<HTMLAnchorElement>) {
  if (typeof children === "string" && loopback.test(children)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** Images are shown as links: the content security policy allows no other origin. */
const components = {
  a: OutsideLink,
  img: ({ src, alt }: { src?: string; alt?: string }) => <OutsideLink href={src}>{alt || src}</OutsideLink>,
  table: ({ children }: { children?: React.ReactNode }) => (
    <div className="scroll-x" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
};

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown">
      <ReactMarkdown remarkPlugins={plugins} components={components as never}>
        {text}
      </ReactMarkdown>
    </div>
  );
});

/** highlight.js escapes what it is given, so its HTML is safe to set. */
export const Highlighted = memo(function Highlighted({
  text,
  language,
}: {
  text: string;
  language: "python" | "json";
}) {
  const html = useMemo(() => hljs.highlight(text, { language }).value, [text, language]);
  return <code className="mono hljs" dangerouslySetInnerHTML={{ __html: html }} />;
});

/** A Python literal of a value, cut at `limit` characters. */
export function literal(value: unknown, limit = 60): string {
  const text =
    value === null || value === undefined
      ? "None"
      : value === true
        ? "True"
        : value === false
          ? "False"
          : typeof value === "string"
            ? JSON.stringify(value)
            : typeof value === "object"
              ? JSON.stringify(value)
              : String(value);
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}

export function argumentList(named: Record<string, unknown> | null | undefined, limit = 60): string {
  return Object.entries(named ?? {})
    .map(([name, value]) => `${name}=${literal(value, limit)}`)
    .join(", ");
}

/** Spells out characters that are not seen, or that turn others around: what is agreed to must be what is shown. */
export function reveal(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, (hidden) => `\\u{${hidden.codePointAt(0)?.toString(16)}}`);
}

/** Anything as text for a <pre>: strings as they are, the rest as indented JSON. */
export function pretty(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
