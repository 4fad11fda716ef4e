// Where a person writes: text with files, or an action in Python. Enter sends, Shift+Enter breaks the line, Escape stops.
import { ArrowUp, FileUp, Paperclip, Square, SquareCode, X } from "lucide-react";
import {
  lazy,
  Suspense,
  useEffect,
  useRef,
  useState,
  type ClipboardEvent,
  type KeyboardEvent,
  type RefObject,
} from "react";
import { useI18n } from "../i18n/context";
import { IconButton, Spinner } from "../ui/controls";
import type { Attachments } from "./attachments";

const CodeBox = lazy(() => import("./CodeBox"));

interface ComposerProps {
  /** A new conversation begins with a message. */
  isNew: boolean;
  draft: string;
  onDraft: (text: string) => void;
  busy: boolean;
  stopping: boolean;
  attachments: Attachments;
  onFiles: (files: Iterable<File>) => void;
  onSend: () => void;
  onStop: () => void;
  onCode: (code: string) => void;
  input: RefObject<HTMLTextAreaElement | null>;
}

export function Composer(props: ComposerProps) {
  const { t } = useI18n();
  const { draft, onDraft, busy, attachments, onSend, onStop, input } = props;
  const [coding, setCoding] = useState(false);
  const [code, setCode] = useState("");
  useEffect(() => {
    if (props.isNew) setCoding(false);
  }, [props.isNew]);
  const picker = useRef<HTMLInputElement>(null);
  const uploading = attachments.list.some((entry) => !entry.file && !entry.error);
  const ready = !busy && !uploading && draft.trim() !== "";
  useEffect(() => {
    const area = input.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 220)}px`;
  }, [draft, coding, input]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      if (ready) onSend();
    }
    if (event.key === "Escape" && busy) onStop();
  };
  const onPaste = (event: ClipboardEvent): void => {
    if (event.clipboardData.files.length > 0) {
      event.preventDefault();
      props.onFiles(event.clipboardData.files);
    }
  };
  const runCode = (): void => {
    if (busy || !code.trim()) return;
    props.onCode(code);
  };
  return (
    <div className={`composer ${coding ? "coding" : ""}`}>
      <Chips attachments={attachments} />
      {coding ? (
        <Suspense
          fallback={
            <div className="code-loading">
              <Spinner />
            </div>
          }
        >
          <CodeBox value={code} onChange={setCode} onRun={runCode} label={t("codeBox")} />
        </Suspense>
      ) : (
        <textarea
          ref={input}
          data-testid="composer"
          data-sanca-anchor="composer"
          rows={1}
          value={draft}
          placeholder={t("composerPlaceholder")}
          aria-label={t("composerLabel")}
          onChange={(event) => onDraft(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
      )}
      <div className="composer-tools">
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          data-testid="file-input"
          onChange={(event) => {
            props.onFiles(event.target.files ?? []);
            event.target.value = "";
          }}
        />
        <IconButton icon={Paperclip} label={t("attach")} onClick={() => picker.current?.click()} />
        <IconButton
          icon={SquareCode}
          label={coding ? t("writeMessage") : t("writeCode")}
          aria-pressed={coding}
          data-testid="code-toggle"
          onClick={() => setCoding(!coding)}
        />
        <span className="composer-hint">{coding ? t("codeHint") : t("composerHint")}</span>
        {busy ? (
          <button
            type="button"
            className="send stop"
            data-testid="stop"
            aria-label={props.stopping ? t("stopping") : t("stop")}
            title={props.stopping ? t("stopping") : t("stop")}
            disabled={props.stopping}
            onClick={onStop}
          >
            {props.stopping ? <Spinner /> : <Square size={13} fill="currentColor" aria-hidden />}
          </button>
        ) : coding ? (
          <button
            type="button"
            className="button primary"
            data-testid="code-run"
            disabled={!code.trim()}
            onClick={runCode}
          >
            {t("run")}
          </button>
        ) : (
          <button
            type="button"
            className="send"
            data-testid="send"
            aria-label={t("send")}
            title={t("send")}
            disabled={!ready}
            onClick={onSend}
          >
            <ArrowUp size={17} strokeWidth={2.4} aria-hidden />
          </button>
        )}
      </div>
    </div>
  );
}

function Chips({ attachments }: { attachments: Attachments }) {
  const { t, bytes } = useI18n();
  if (attachments.list.length === 0) return null;
  return (
    <ul className="file-chips">
      {attachments.list.map((entry) => (
        <li key={entry.key} className={entry.error ? "failed" : ""} data-testid="attachment">
          <FileUp size={14} aria-hidden />
          <span className="file-name">{entry.name}</span>
          <span className={entry.error ? "tone-bad" : "tone-muted num"} role={entry.error ? "alert" : undefined}>
            {entry.error ?? (entry.file ? bytes(entry.sizeBytes) : `${Math.round(entry.progress * 100)} %`)}
          </span>
          <IconButton
            small
            icon={X}
            label={t("removeFile", { name: entry.name })}
            onClick={() => attachments.remove(entry.key)}
          />
          {!entry.file && !entry.error && <i className="file-progress" style={{ width: `${entry.progress * 100}%` }} />}
        </li>
      ))}
    </ul>
  );
}
