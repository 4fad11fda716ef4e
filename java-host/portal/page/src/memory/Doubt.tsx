// What makes a piece of knowledge doubtful: its time is over, or another document says otherwise.
import { TriangleAlert } from "lucide-react";
import type { MemoryItem } from "../api/types";
import { useI18n } from "../i18n/context";

export function Doubt({ item }: { item: MemoryItem }) {
  const { t, text } = useI18n();
  const expired = item.validUntil !== "" && new Date(item.validUntil).getTime() < Date.now();
  const against = Array.isArray(item.data.contradicted_by) ? item.data.contradicted_by : [];
  const sentences = [
    ...(expired ? [t("memoryExpired", { time: text(item.validUntil) })] : []),
    ...(against.length > 0 ? [t("memoryContradicted", { where: against.map(nameOf).join(", ") })] : []),
  ];
  if (sentences.length === 0) return null;
  return (
    <p className="upload-remark" data-testid="doubt">
      <TriangleAlert size={13} aria-hidden /> {sentences.join(" ")}
    </p>
  );
}

/** What contradicts may be a name, or facts with one. */
const nameOf = (value: unknown): string => {
  const facts = value as { source?: unknown; document?: unknown } | null;
  return typeof value === "string" ? value : String(facts?.source ?? facts?.document ?? "");
};
