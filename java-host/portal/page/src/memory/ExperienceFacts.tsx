// What became of an experience: whether it worked, how often it helped, and the run that taught it.
import { useState } from "react";
import type { MemoryItem } from "../api/types";
import { useHost } from "../app/host";
import { go, sessionHash } from "../app/route";
import { useI18n, type I18n } from "../i18n/context";

const count = (value: unknown): number => (typeof value === "number" ? value : 0);

function helped(times: number, { t, number }: I18n): string {
  if (times === 0) return t("memoryHelpedNone");
  return times === 1 ? t("memoryHelpedOne") : t("memoryHelped", { count: number(times) });
}

export function ExperienceFacts({ item }: { item: MemoryItem }) {
  const i18n = useI18n();
  const { t, number } = i18n;
  const { data } = item;
  const failed = count(data.failed);
  const runs = Array.isArray(data.run_ids) ? data.run_ids.filter((run) => typeof run === "string") : [];
  return (
    <>
      <ul className="memory-facts" data-testid="experience-facts">
        <li>
          <span className={`badge ${data.outcome === "failed" ? "bad" : "ok"}`}>
            {t(data.outcome === "failed" ? "memoryDidNotWork" : "memoryWorked")}
          </span>
        </li>
        {data.outcome !== "failed" && <li>{helped(count(data.helped), i18n)}</li>}
        {failed > 0 && (
          <li>{failed === 1 ? t("memoryFailedOnce") : t("memoryFailedTimes", { count: number(failed) })}</li>
        )}
        {data.verified === true && <li>{t("memoryVerified")}</li>}
        {typeof data.replaced_by === "string" && data.replaced_by && (
          <li>{t("memoryReplaced", { name: data.replaced_by })}</li>
        )}
        {runs.length > 0 && (
          <li>
            <RunLink run={runs.at(-1)!} />
          </li>
        )}
      </ul>
      {typeof data.why === "string" && data.why && <p className="memory-note">{data.why}</p>}
    </>
  );
}

/** A run is looked up only when somebody wants to see it: its conversation may be gone. */
function RunLink({ run }: { run: string }) {
  const { t } = useI18n();
  const { client } = useHost();
  const [gone, setGone] = useState(false);
  const open = (): void => {
    client.run(run).then(
      ({ sessionId }) => go(sessionHash(sessionId)),
      () => setGone(true),
    );
  };
  if (gone) return <span role="status">{t("memoryRunGone")}</span>;
  return (
    <button type="button" className="link" data-testid="run-link" data-run={run} onClick={open}>
      {t("memoryFromRun", { run: run.replace(/^run_/, "").slice(0, 8) })}
    </button>
  );
}
