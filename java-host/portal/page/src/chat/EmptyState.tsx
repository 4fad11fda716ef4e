// A new conversation: what can be asked, from the engine's skills in the page's language.
import { ArrowUpRight } from "lucide-react";
import { useEffect, useState } from "react";
import type { Fleet, SkillInfo } from "../api/types";
import { useHost } from "../app/host";
import { useI18n } from "../i18n/context";

const shown = 6;

export function EmptyState({ onPick }: { onPick: (text: string) => void }) {
  const { t, language } = useI18n();
  const { client, me, hasFleet } = useHost();
  const [skills, setSkills] = useState<SkillInfo[] | null>(null);
  const [names, setNames] = useState<Names>({});
  useEffect(() => {
    let current = true;
    // Without a fleet only examples that name nothing are offered.
    const known = hasFleet ? client.fleet().then(namesOf, (): Names => ({})) : Promise.resolve<Names>({});
    const listed = client.skills().catch((): SkillInfo[] => []);
    void Promise.all([listed, known]).then(([list, found]) => {
      if (!current) return;
      setNames(found);
      setSkills(list);
    });
    return () => {
      current = false;
    };
  }, [client, hasFleet]);
  const examples = (skills ?? []).flatMap((skill): Example[] => {
    const title = language === "zh" ? skill.titleZh : skill.titleEn;
    const text = filled(language === "zh" ? skill.exampleZh : skill.exampleEn, names);
    return title && text ? [{ title, text }] : [];
  });
  return (
    <div className="empty">
      <h1>{me ? t("greeting", { name: me.displayName }) : t("greetingPlain")}</h1>
      <p>{t("greetingText")}</p>
      <ul className="suggestions" aria-label={t("suggestions")} aria-busy={skills === null}>
        {skills === null && Array.from({ length: shown }, (_, index) => <li key={index} className="skeleton" />)}
        {varied(examples).map(({ title, text }) => (
          <li key={title}>
            <button type="button" data-testid="suggestion" onClick={() => onPick(text)}>
              <span>
                <b>{text}</b>
                {title.toLowerCase() !== text.toLowerCase() && <span className="tone-muted">{title}</span>}
              </span>
              <ArrowUpRight size={15} aria-hidden />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface Example {
  title: string;
  text: string;
}

type Names = Record<string, string[]>;

/** Services in trouble first: they are what a person wants to ask about. */
function namesOf(fleet: Fleet): Names {
  const order = ["down", "degraded", "up"];
  const services = fleet.services.toSorted((left, right) => order.indexOf(left.status) - order.indexOf(right.status));
  return { service: services.map((service) => service.name) };
}

/** The phrase with names that exist, as a sentence; null when it has a gap that nothing fills. */
function filled(phrase: string, names: Names): string | null {
  const left = Object.fromEntries(Object.entries(names).map(([kind, known]) => [kind, [...known]]));
  const text = phrase.replace(/\{(\w+)\}/g, (gap, kind: string) => left[kind]?.shift() ?? gap);
  return !text || text.includes("{") ? null : text[0]!.toUpperCase() + text.slice(1);
}

/** The first three, which matter most, and three from the rest of the list. */
function varied(examples: Example[]): Example[] {
  if (examples.length <= shown) return examples;
  const first = shown / 2;
  const step = (examples.length - first) / (shown - first);
  const rest = Array.from({ length: shown - first }, (_, index) => examples[first + Math.floor(index * step)]!);
  return [...examples.slice(0, first), ...rest];
}
