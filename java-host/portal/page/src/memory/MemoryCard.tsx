// One thing remembered: what, where from, when, why it was found; corrected and forgotten in its place.
import { ArrowUpRight, Pencil, Trash2 } from "lucide-react";
import { memo, useEffect, useRef, useState } from "react";
import type { MemoryItem } from "../api/types";
import { useHost } from "../app/host";
import { sessionHash } from "../app/route";
import { useI18n, type I18n } from "../i18n/context";
import type { Key } from "../i18n/en";
import { IconButton } from "../ui/controls";
import { Markdown } from "../ui/text";
import { Doubt } from "./Doubt";
import { EditForm, kindOf } from "./EditForm";
import { ExperienceFacts } from "./ExperienceFacts";
import { Forgetting } from "./Forgetting";
import { layerIcons } from "./layers";
import { Reasons } from "./Reasons";
import { keyOf } from "./useMemory";

interface MemoryCardProps {
  item: MemoryItem;
  expanded: boolean;
  onRead: (item: MemoryItem) => void;
  onForgotten: () => void;
}

export const MemoryCard = memo(function MemoryCard({ item, expanded, onRead, onForgotten }: MemoryCardProps) {
  const { t } = useI18n();
  const [editing, setEditing] = useState(false);
  const card = useRef<HTMLElement>(null);
  const done = (): void => {
    setEditing(false);
    card.current?.focus(); // the form had it, and is gone
  };
  const Icon = layerIcons[item.layer];
  const label = labelOf(item, t);
  return (
    <article
      ref={card}
      tabIndex={-1}
      className="memory-card"
      data-testid="memory-item"
      data-layer={item.layer}
      data-id={item.id}
      aria-label={label}
    >
      <header>
        <Icon size={15} aria-hidden className="tone-muted" />
        <h2>{label}</h2>
        {item.wholeTenant && item.layer !== "knowledge" && <span className="badge">{t("memoryEveryone")}</span>}
        <When item={item} />
        <Actions item={item} onEdit={() => setEditing(true)} onForgotten={onForgotten} />
      </header>
      {editing ? <EditForm item={item} onDone={done} onRead={onRead} /> : <Text item={item} expanded={expanded} />}
      <Doubt item={item} />
      {item.layer === "experience" && <ExperienceFacts item={item} />}
      {item.layer === "preference" && item.data.by === "learned" && <p className="memory-note">{t("memoryLearned")}</p>}
      <Reasons reasons={item.reasons} score={item.score} />
    </article>
  );
});

/** Who said it, what it is a piece of, or what it is about. */
function labelOf(item: MemoryItem, t: I18n["t"]): string {
  switch (item.layer) {
    case "message":
      return { user: t("memoryYou"), assistant: "sanca" }[item.speaker] ?? (item.speaker || t("someone"));
    case "summary":
      return item.document || item.title;
    case "knowledge":
      if (item.data.kind === "note") return t("memoryNote");
      return item.citation || item.source || item.document || item.title;
    case "experience":
      return item.title || item.document;
    case "preference":
      return t(`kind_${kindOf(item)}`);
  }
}

function When({ item }: { item: MemoryItem }) {
  const { ago, text } = useI18n();
  if (!item.time || item.layer === "summary") return null;
  return (
    <time dateTime={item.time} title={text(item.time)} className="tone-muted">
      {ago(item.time)}
    </time>
  );
}

/** What forgetting it takes along, or leaves. */
function forgetText({ layer, data }: MemoryItem): Key {
  if (layer === "message") return "memoryForgetMessageText";
  return data.kind === "document" ? "memoryForgetDocumentText" : "memoryForgetText";
}

interface ActionsProps {
  item: MemoryItem;
  onEdit: () => void;
  onForgotten: () => void;
}

function Actions({ item, onEdit, onForgotten }: ActionsProps) {
  const { t } = useI18n();
  const { client } = useHost();
  const [asking, setAsking] = useState(false);
  const { layer, id, sessionId, wholeTenant } = item;
  return (
    <span className="memory-card-actions">
      {layer === "message" && sessionId && (
        <a
          className="icon-button small"
          href={sessionHash(sessionId)}
          aria-label={t("memoryOpenConversation")}
          title={t("memoryOpenConversation")}
        >
          <ArrowUpRight size={15} strokeWidth={1.9} aria-hidden />
        </a>
      )}
      {item.canEdit && (
        <IconButton small icon={Pencil} label={t("memoryEdit")} data-testid="memory-edit" onClick={onEdit} />
      )}
      {item.canForget && (
        <IconButton
          small
          icon={Trash2}
          label={t("memoryForget")}
          data-testid="memory-forget"
          onClick={() => setAsking(true)}
        />
      )}
      {asking && (
        <Forgetting
          title={t("memoryForgetTitle")}
          text={t(forgetText(item))}
          action={t("memoryForget")}
          forget={() => client.forgetMemory([{ layer, id, sessionId, wholeTenant }])}
          onClose={() => setAsking(false)}
          onForgotten={onForgotten}
        />
      )}
    </span>
  );
}

/** A piece of a document begins with where it stands in it. */
function partsOf({ layer, title, text }: MemoryItem): { heading: string; body: string } {
  if (layer !== "knowledge" || !title) return { heading: "", body: text };
  return { heading: title, body: text.startsWith(`${title}\n`) ? text.slice(title.length).trimStart() : text };
}

/** In pixels; a text that is hardly longer than its folded form is shown whole. */
const foldedHeight = 190;

/** A text of any length: a few lines of it, and the rest on demand. */
function Text({ item, expanded }: { item: MemoryItem; expanded: boolean }) {
  const { t } = useI18n();
  const [open, setOpen] = useState(expanded);
  const [long, setLong] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element && !open) setLong(element.scrollHeight > foldedHeight);
  }, [item.text, open]);
  const { heading, body } = partsOf(item);
  const written = item.layer === "summary" || item.layer === "knowledge" || item.speaker === "assistant";
  return (
    <>
      <div
        ref={box}
        className={`memory-text ${long && !open ? "clamped" : ""}`}
        id={`text-${keyOf(item)}`}
        data-testid="memory-text"
      >
        {heading && <p className="memory-note">{heading}</p>}
        {written ? <Markdown text={body} /> : <p>{body}</p>}
      </div>
      {long && (
        <button
          type="button"
          className="button ghost small memory-more"
          aria-expanded={open}
          aria-controls={`text-${keyOf(item)}`}
          onClick={() => setOpen(!open)}
        >
          {open ? t("memoryLess") : t("memoryMore")}
        </button>
      )}
    </>
  );
}
