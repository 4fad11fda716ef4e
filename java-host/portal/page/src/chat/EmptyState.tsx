// A new conversation: what can be asked, from the engine's skills in the page's language.
import { ArrowUpRight } from "lucide-react";
import { useEffect, useState } from "react";
import type { SkillInfo } from "../api/types";
import { useHost } from "../app/host";
import { useI18n } from "../i18n/context";

const shown = 6;

export function EmptyState({ onPick }: { onPick: (text: string) => void }) {
  const { t, language } = useI18n();
  const { client, me } = useHost();
  const [skills, setSkills] = useState<SkillInfo[]>([]);
  useEffect(() => {
    let current = true;
    client.skills().then(
      (list) => current && setSkills(list),
      () => current && setSkills([]),
    );
    return () => {
      current = false;
    };
  }, [client]);
  const examples = skills
    .map((skill) => (language === "zh" ? [skill.titleZh, skill.exampleZh] : [skill.titleEn, skill.exampleEn]))
    .filter((entry): entry is [string, string] => Boolean(entry[0] && entry[1]))
    .slice(0, shown);
  return (
    <div className="empty">
      <h1>{me ? t("greeting", { name: me.displayName }) : t("greetingPlain")}</h1>
      <p>{t("greetingText")}</p>
      {examples.length > 0 && (
        <ul className="suggestions" aria-label={t("suggestions")}>
          {examples.map(([title, example]) => (
            <li key={title}>
              <button type="button" data-testid="suggestion" onClick={() => onPick(example)}>
                <span>
                  <b>{title}</b>
                  <span className="tone-muted">{example}</span>
                </span>
                <ArrowUpRight size={15} aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
