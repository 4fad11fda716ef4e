// The Diff card: a unified diff with line numbers; colour is never the only sign.
import { useMemo, useState } from "react";
import { useI18n } from "../i18n/context";

interface Line {
  kind: "add" | "remove" | "same" | "hunk";
  text: string;
  before: number | null;
  after: number | null;
}

const firstLines = 60;

export function Diff({ title, path, patch }: { title?: string; path?: string; patch: string }) {
  const { t } = useI18n();
  const [all, setAll] = useState(false);
  const lines = useMemo(() => parseDiff(patch), [patch]);
  const added = lines.filter((line) => line.kind === "add").length;
  const removed = lines.filter((line) => line.kind === "remove").length;
  return (
    <figure className="card-figure" data-testid="card-diff">
      {title && <figcaption>{title}</figcaption>}
      <div className="diff">
        <div className="diff-head">
          <span className="mono">{path}</span>
          <span className="num">
            <span className="tone-ok">+{added}</span> <span className="tone-bad">−{removed}</span>
          </span>
        </div>
        <div className="scroll-x" tabIndex={0} role="group" aria-label={path}>
          <table className="mono">
            <tbody>
              {(all ? lines : lines.slice(0, firstLines)).map((line, index) => (
                // eslint-disable-next-line react/no-array-index-key -- lines have no identity of their own
                <tr key={index} className={line.kind}>
                  <td className="line-number">{line.before ?? ""}</td>
                  <td className="line-number">{line.after ?? ""}</td>
                  <td className="sign">{line.kind === "add" ? "+" : line.kind === "remove" ? "−" : ""}</td>
                  <td className="line">{line.text || " "}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
      {!all && lines.length > firstLines && (
        <button type="button" className="button ghost small" onClick={() => setAll(true)}>
          {t("showAllLines", { count: lines.length })}
        </button>
      )}
    </figure>
  );
}

/** Lines of a unified diff; file headers are left out, the path is shown above. */
export function parseDiff(patch: string): Line[] {
  const lines: Line[] = [];
  let before = 1;
  let after = 1;
  let inHunk = false;
  for (const raw of patch.replace(/\n$/, "").split("\n")) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(raw);
    if (hunk) {
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      inHunk = true;
      lines.push({ kind: "hunk", text: raw, before: null, after: null });
    } else if (!inHunk && /^(diff |index |--- |\+\+\+ |new file|deleted file|similarity|rename )/.test(raw)) {
      continue;
    } else if (/^(diff |index )/.test(raw)) {
      inHunk = false;
    } else if (raw.startsWith("+")) {
      lines.push({ kind: "add", text: raw.slice(1), before: null, after: after++ });
    } else if (raw.startsWith("-")) {
      lines.push({ kind: "remove", text: raw.slice(1), before: before++, after: null });
    } else if (!raw.startsWith("\\")) {
      lines.push({ kind: "same", text: raw.slice(1), before: before++, after: after++ });
    }
  }
  return lines;
}
