// Binds a conversation to React: opens, closes, and starts new ones.
import { randomUUID } from "@ag-ui/client";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { ConversationSession, type SessionView } from "../agui/session";
import { emptyThread } from "../agui/thread";
import { useHost } from "../app/host";
import { useI18n } from "../i18n/context";

const nothing: SessionView = { thread: emptyThread, connection: "idle", stopping: false, problem: null };
const noSubscription = (): (() => void) => () => undefined;
const nothingSnapshot = (): SessionView => nothing;

export interface Conversation {
  session: ConversationSession | null;
  view: SessionView;
  /** The open session, or a new one that the server does not know yet. */
  ensure: () => ConversationSession;
}

export function useConversation(id: string | null, onChanged: () => void): Conversation {
  const { client, signedOut, onCommand } = useHost();
  const { language } = useI18n();
  const spoken = useRef(language);
  const changed = useRef(onChanged);
  useEffect(() => {
    spoken.current = language;
    changed.current = onChanged;
  });
  const current = useRef<ConversationSession | null>(null);
  const [session, setSession] = useState<ConversationSession | null>(null);

  const make = useCallback(
    (sessionId: string): ConversationSession => {
      current.current?.close();
      current.current = new ConversationSession(sessionId, client, {
        language: () => spoken.current,
        onSignedOut: signedOut,
        onChanged: () => changed.current(),
        onCommand,
      });
      setSession(current.current);
      return current.current;
    },
    [client, signedOut, onCommand],
  );
  useEffect(() => {
    if (id === null) {
      current.current?.close();
      current.current = null;
      setSession(null);
    } else if (current.current?.id !== id) {
      void make(id).connect();
    }
  }, [id, make]);
  useEffect(() => () => current.current?.close(), []);

  const ensure = useCallback(() => current.current ?? make(randomUUID()), [make]);
  const view = useSyncExternalStore(session?.subscribe ?? noSubscription, session?.snapshot ?? nothingSnapshot);
  return useMemo(() => ({ session, view, ensure }), [session, view, ensure]);
}
