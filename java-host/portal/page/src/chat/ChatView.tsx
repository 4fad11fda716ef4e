// The chat: thread, banner, composer, drop target, timeline. Used by the page and by the custom element alike.
import { FileUp } from "lucide-react";
import { useCallback, useEffect, useRef, useState, type DragEvent } from "react";
import type { SharedFile } from "../agui/activities";
import { useHost } from "../app/host";
import { preloadSurface } from "../cards/LazySurface";
import { useI18n } from "../i18n/context";
import { Modal, Spinner } from "../ui/controls";
import { useAttachments } from "./attachments";
import { Banner } from "./Banner";
import { Composer } from "./Composer";
import { EmptyState } from "./EmptyState";
import { Thread } from "./Thread";
import { TimelineDrawer } from "./TimelineDrawer";
import { useConversation } from "./useConversation";

interface ChatViewProps {
  sessionId: string | null;
  timelineOpen: boolean;
  onTimeline: (open: boolean) => void;
  /** A new conversation got its id. */
  onStarted: (sessionId: string) => void;
  onChanged: () => void;
  /** Changes when another window may have gone on with this conversation. */
  remoteVersion?: string | null;
  /** Why the list of conversations could not be read the last time. */
  trouble?: Error | null;
}

export function ChatView({
  sessionId,
  timelineOpen,
  onTimeline,
  onStarted,
  onChanged,
  remoteVersion,
  trouble,
}: ChatViewProps) {
  const { t } = useI18n();
  const { client } = useHost();
  const { session, view, ensure } = useConversation(sessionId, onChanged);
  const attachments = useAttachments(client, t("unreachable"));
  const [draft, setDraft] = useState("");
  const [held, setHeld] = useState(false);
  const [callId, setCallId] = useState<string | null>(null);
  const openTimeline = useCallback(
    (wanted?: string) => {
      setCallId(wanted ?? null);
      onTimeline(true);
    },
    [onTimeline],
  );
  const input = useRef<HTMLTextAreaElement>(null);
  const busy = view.connection !== "idle" && view.connection !== "failed";
  const drop = useDrop((files) => attachments.add(ensure().id, files));
  useRemoteChanges(session, view.connection === "idle", remoteVersion);
  useEffect(preloadSurface, []);
  useEffect(() => {
    if (matchMedia("(hover: hover)").matches) input.current?.focus();
  }, [sessionId]);

  const start = useCallback(() => {
    const opened = ensure();
    if (opened.id !== sessionId) onStarted(opened.id);
    return opened;
  }, [ensure, onStarted, sessionId]);
  const send = (text: string): void => {
    const files = attachments.list.flatMap((entry): SharedFile[] => (entry.file ? [entry.file] : []));
    setDraft("");
    attachments.clear();
    void start().send(text.trim(), files);
  };
  const pending = view.thread.interrupts[0];
  const trySend = (): void => (pending ? setHeld(true) : send(draft));
  const dismissAndSend = async (): Promise<void> => {
    setHeld(false);
    if (pending) await session?.dismiss(pending.id);
    if (session?.snapshot().connection === "idle") send(draft);
  };
  const empty = view.thread.items.length === 0;
  return (
    <div className={`chat ${drop.over ? "dropping" : ""}`} {...drop.handlers}>
      {view.connection === "loading" ? (
        <div className="chat-loading" role="status">
          <Spinner size={18} />
          <span className="hidden-visually">{t("loading")}</span>
        </div>
      ) : empty || !session ? (
        <EmptyState onPick={(text) => void start().send(text)} />
      ) : (
        <Thread session={session} view={view} onTimeline={openTimeline} />
      )}
      <div className="chat-foot">
        <Banner
          {...{ view, trouble }}
          onReconnect={() => void session?.connect()}
          onClear={() => session?.clearProblem()}
        />
        <Composer
          {...{ draft, busy, attachments, input }}
          isNew={sessionId === null}
          onDraft={setDraft}
          stopping={view.stopping}
          onFiles={(files) => attachments.add(ensure().id, files)}
          onSend={trySend}
          onStop={() => void session?.stop()}
          onCode={(code) => void start().runCode(code)}
        />
      </div>
      {drop.over && (
        <div className="drop-hint">
          <FileUp size={22} aria-hidden />
          {t("dropHere")}
        </div>
      )}
      {timelineOpen && (
        <TimelineDrawer
          thread={view.thread}
          callId={callId}
          onClose={() => {
            setCallId(null);
            onTimeline(false);
          }}
        />
      )}
      {held && (
        <Modal title={t("pendingTitle")} onClose={() => setHeld(false)} testId="pending-dialog">
          <p>{t("pendingText")}</p>
          <div className="dialog-actions">
            <button type="button" className="button" data-autofocus onClick={() => setHeld(false)}>
              {t("answerFirst")}
            </button>
            <button
              type="button"
              className="button primary"
              data-testid="dismiss-send"
              onClick={() => void dismissAndSend()}
            >
              {t("dismissAndSend")}
            </button>
          </div>
        </Modal>
      )}
    </div>
  );
}

/** Reads the conversation again when the list of sessions says it changed and this window did not do it. */
function useRemoteChanges(
  session: { refresh: () => Promise<void> } | null,
  idle: boolean,
  version?: string | null,
): void {
  const seen = useRef<string | null | undefined>(null);
  const ours = useRef(true);
  useEffect(() => {
    if (!idle) {
      ours.current = true;
      return;
    }
    if (!session || !version || version === seen.current) return;
    const expected = ours.current;
    seen.current = version;
    ours.current = false;
    if (!expected) void session.refresh();
  }, [session, idle, version]);
}

function useDrop(onFiles: (files: FileList) => void) {
  const [over, setOver] = useState(false);
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes("Files");
  const handlers = {
    onDragOver: (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: (event: DragEvent) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
    },
    onDrop: (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      onFiles(event.dataTransfer.files);
    },
  };
  return { over, handlers };
}
