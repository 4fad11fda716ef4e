// The entries of a conversation, one component a kind.
import {
  CircleAlert,
  Download,
  File as FileIcon,
  Info,
  Pencil,
  RotateCcw,
  ThumbsDown,
  ThumbsUp,
  TriangleAlert,
} from "lucide-react";
import { memo, useEffect, useRef, useState } from "react";
import type { Choices, Notice, SharedFile } from "../agui/activities";
import type { Item } from "../agui/thread";
import { useHost } from "../app/host";
import { useI18n } from "../i18n/context";
import { CopyButton, Fold, IconButton } from "../ui/controls";
import { Markdown } from "../ui/text";
import { knownFile } from "./attachments";

type UserItem = Extract<Item, { kind: "user" }>;

interface UserMessageProps {
  item: UserItem;
  /** When it was sent, in milliseconds; null while that is not known. */
  sentAt: number | null;
  canResend: boolean;
  onResend: (text: string) => void;
}

export function UserMessage({ item, sentAt, canResend, onResend }: UserMessageProps) {
  const { t, moment } = useI18n();
  const [editing, setEditing] = useState(false);
  if (editing) {
    return (
      <EditMessage
        text={item.text}
        onCancel={() => setEditing(false)}
        onSend={(text) => {
          setEditing(false);
          onResend(text);
        }}
      />
    );
  }
  return (
    <div className="message user" data-testid="message-user">
      {item.files.length > 0 && (
        <ul className="message-files">
          {item.files.map((file) => (
            <FileLink key={file.file_id} file={knownFile(file)} />
          ))}
        </ul>
      )}
      {item.text && <div className="bubble">{item.text}</div>}
      {!item.run && canResend && (
        <p className="undelivered" role="status">
          <CircleAlert size={13} aria-hidden /> {t("undelivered")}
        </p>
      )}
      <div className="message-tools">
        {sentAt !== null && (
          <time className="tone-muted num" dateTime={new Date(sentAt).toISOString()}>
            {moment(sentAt)}
          </time>
        )}
        <CopyButton text={item.text} />
        <IconButton small icon={Pencil} label={t("edit")} disabled={!canResend} onClick={() => setEditing(true)} />
        <IconButton
          small
          icon={RotateCcw}
          label={t("retry")}
          disabled={!canResend}
          onClick={() => onResend(item.text)}
        />
      </div>
    </div>
  );
}

function EditMessage({
  text,
  onCancel,
  onSend,
}: {
  text: string;
  onCancel: () => void;
  onSend: (text: string) => void;
}) {
  const { t } = useI18n();
  const [draft, setDraft] = useState(text);
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    area.current?.focus();
    area.current?.setSelectionRange(text.length, text.length);
  }, [text]);
  return (
    <form
      className="edit-message"
      onSubmit={(event) => {
        event.preventDefault();
        if (draft.trim()) onSend(draft.trim());
      }}
    >
      <textarea
        ref={area}
        className="input"
        rows={3}
        aria-label={t("edit")}
        data-testid="edit-input"
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onCancel();
          if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault();
            if (draft.trim()) onSend(draft.trim());
          }
        }}
      />
      <div className="answer-buttons">
        <span className="hint tone-muted">{t("editHint")}</span>
        <button type="button" className="button" onClick={onCancel}>
          {t("cancel")}
        </button>
        <button type="submit" className="button primary" data-testid="edit-send" disabled={!draft.trim()}>
          {t("send")}
        </button>
      </div>
    </form>
  );
}

export const AssistantMessage = memo(function AssistantMessage({
  text,
  streaming,
}: {
  text: string;
  streaming: boolean;
}) {
  return (
    <div
      className={`message assistant ${streaming ? "streaming" : ""}`}
      data-testid="message-assistant"
      aria-busy={streaming}
    >
      <Markdown text={text} />
    </div>
  );
});

interface RunFooterProps {
  text: string;
  runId: string | null;
  canRetry: boolean;
  onRetry: () => void;
  onTimeline: () => void;
  summary: string;
}

/** Under a finished answer: copy, retry, thumbs, and the way to the timeline. */
export function RunFooter({ text, runId, canRetry, onRetry, onTimeline, summary }: RunFooterProps) {
  const { t } = useI18n();
  const { client } = useHost();
  const [thumb, setThumb] = useState<"up" | "down" | null>(null);
  const rate = (value: "up" | "down"): void => {
    if (!runId) return;
    setThumb(value);
    client.feedback(runId, value).catch(() => setThumb(null));
  };
  return (
    <div className="run-footer">
      {text && <CopyButton text={text} label={t("copyAnswer")} />}
      {canRetry && <IconButton small icon={RotateCcw} label={t("retry")} onClick={onRetry} />}
      {runId && (
        <>
          <IconButton
            small
            icon={ThumbsUp}
            label={t("thumbUp")}
            aria-pressed={thumb === "up"}
            data-testid="thumb-up"
            onClick={() => rate("up")}
          />
          <IconButton
            small
            icon={ThumbsDown}
            label={t("thumbDown")}
            aria-pressed={thumb === "down"}
            data-testid="thumb-down"
            onClick={() => rate("down")}
          />
        </>
      )}
      <button type="button" className="button ghost small" onClick={onTimeline}>
        <span className="num">{summary}</span>
      </button>
    </div>
  );
}

export function Reasoning({ text, streaming }: { text: string; streaming: boolean }) {
  const { t } = useI18n();
  return (
    <div className="reasoning">
      <Fold label={streaming ? t("thinking") : t("thought")}>
        <Markdown text={text} />
      </Fold>
    </div>
  );
}

export function NoticeLine({ notice }: { notice: Notice }) {
  const Icon = notice.level === "error" ? CircleAlert : notice.level === "warning" ? TriangleAlert : Info;
  return (
    <div className={`notice ${notice.level}`} role="note" data-testid="notice" data-code={notice.code ?? ""}>
      <Icon size={15} aria-hidden />
      <p>{notice.text}</p>
    </div>
  );
}

export function FileLink({ file }: { file: SharedFile }) {
  const { client } = useHost();
  const { bytes } = useI18n();
  return (
    <li>
      <a className="file-link" href={client.fileUrl(file.file_id)} download={file.name}>
        <FileIcon size={14} aria-hidden />
        <span className="file-name">{file.name}</span>
        {file.size_bytes > 0 && <span className="tone-muted num">{bytes(file.size_bytes)}</span>}
      </a>
    </li>
  );
}

export function FileCard({ file }: { file: SharedFile }) {
  const { client } = useHost();
  const { t, bytes } = useI18n();
  return (
    <a className="file-card" data-testid="download" href={client.fileUrl(file.file_id)} download={file.name}>
      <FileIcon size={18} aria-hidden />
      <span>
        <b className="file-name">{file.name}</b>
        <span className="tone-muted num">
          {bytes(file.size_bytes)} · {file.media_type}
        </span>
      </span>
      <span className="file-card-action">
        <Download size={15} aria-hidden />
        {t("download")}
      </span>
    </a>
  );
}

interface ChoicesCardProps {
  choices: Choices;
  busy: boolean;
  onPick: (text: string) => void;
}

const choicesShown = 8;

export function ChoicesCard({ choices, busy, onPick }: ChoicesCardProps) {
  const { t, number } = useI18n();
  const { settingsHref } = useHost();
  const [open, setOpen] = useState(false);
  const shown = open ? choices.skills : choices.skills.slice(0, choicesShown);
  return (
    <article className="choices-card" data-testid="choices" aria-label={t("choicesTitle")}>
      <h2>{t("choicesTitle")}</h2>
      <ul>
        {shown.map((skill) => (
          <li key={skill.name}>
            <button type="button" disabled={busy} onClick={() => onPick(skill.example || skill.title)}>
              <b>{skill.title}</b>
              {skill.example && <span className="tone-muted">{skill.example}</span>}
            </button>
          </li>
        ))}
      </ul>
      {choices.skills.length > choicesShown && (
        <button type="button" className="button ghost small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t("showLess") : t("showAllChoices", { count: number(choices.skills.length) })}
        </button>
      )}
      {choices.how_to_set_a_model && (
        <div className="choices-model">
          <Markdown text={choices.how_to_set_a_model} />
          {settingsHref && <a href={settingsHref}>{t("openSettings")}</a>}
        </div>
      )}
    </article>
  );
}
