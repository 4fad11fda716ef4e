// <sanca-chat base-url language theme>: the chat for other portals, in a Shadow DOM of its own.
import "../agui/schemas";
import { HistoryIcon, SquarePen } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { createRoot, type Root } from "react-dom/client";
import { HostClient, HostError } from "../api/client";
import type { Me, Toolkits } from "../api/types";
import { HostContext, useHost, usePolling } from "../app/host";
import { usePreferences } from "../app/preferences";
import { ChatView } from "../chat/ChatView";
import { anchor } from "../commands/anchors";
import type { Opener } from "../commands/pageCommands";
import { leaveTo, Said, usePageCommands } from "../commands/usePageCommands";
import { I18nProvider, useI18n } from "../i18n/context";
import styles from "../styles/index.css?inline";
import { IconButton, Menu } from "../ui/controls";
import { Logo } from "../ui/Logo";

interface EmbeddedProps {
  baseUrl: string;
  language: string | null;
  theme: string | null;
  root: ShadowRoot;
  onSignedOut: () => void;
}

/** What no anchor names the portal may open all the same: it hears `sanca-open`, and prevents it when it has. */
function portalOpener(root: ShadowRoot): Opener {
  const open = (target: string): boolean =>
    anchor([document, root], target) === null &&
    !root.host.dispatchEvent(
      new CustomEvent("sanca-open", { bubbles: true, composed: true, cancelable: true, detail: { target } }),
    );
  return { targets: () => [], open };
}

function Embedded({ baseUrl, language, theme, root, onSignedOut }: EmbeddedProps) {
  const preferences = usePreferences({ language, theme });
  const client = useMemo(() => new HostClient(baseUrl), [baseUrl]);
  const [me, setMe] = useState<Me | null>(null);
  const [toolkits, setToolkits] = useState<Toolkits | null>(null);
  useEffect(() => {
    // The host checks every right again anyway; this is only for clear words.
    client.identity().then(setMe, () => setMe(null));
    client.tools().then(setToolkits, () => setToolkits(null));
  }, [client]);
  const { onCommand, said } = usePageCommands(
    useMemo(() => ({ trees: () => [document, root], opener: portalOpener(root), leave: leaveTo }), [root]),
    preferences.language,
  );
  const host = useMemo(
    () => ({ client, me, toolkits, signedOut: onSignedOut, onCommand }),
    [client, me, toolkits, onSignedOut, onCommand],
  );
  return (
    <I18nProvider language={preferences.language}>
      <HostContext value={host}>
        <div
          className="sanca embedded"
          data-theme={preferences.theme}
          lang={preferences.language === "zh" ? "zh-CN" : "en"}
        >
          <EmbeddedChat />
          <Said text={said} />
        </div>
      </HostContext>
    </I18nProvider>
  );
}

function EmbeddedChat() {
  const { t } = useI18n();
  const { client, signedOut } = useHost();
  const [sessionId, setSessionId] = useState<string | null>(null);
  const [timeline, setTimeline] = useState(false);
  const sessions = usePolling(client.sessions, 10_000);
  const signedOff = sessions.error instanceof HostError && sessions.error.status === 401;
  useEffect(() => {
    if (signedOff) signedOut();
  }, [signedOff, signedOut]);
  const known = sessions.data?.find((session) => session.sessionId === sessionId);
  const started = useCallback((id: string) => setSessionId(id), []);
  return (
    <>
      <header className="top-bar">
        <Logo size={20} />
        <h1 className="top-title">{known?.title || "sanca"}</h1>
        <Menu trigger={(rest) => <IconButton icon={HistoryIcon} label={t("history")} {...rest} />}>
          {(sessions.data ?? []).slice(0, 12).map((session) => (
            <button
              key={session.sessionId}
              type="button"
              role="menuitem"
              onClick={() => setSessionId(session.sessionId)}
            >
              <span className="session-title">{session.title || t("untitled")}</span>
            </button>
          ))}
          {sessions.data?.length === 0 && <p className="panel-text tone-muted">{t("noConversations")}</p>}
        </Menu>
        <IconButton
          icon={SquarePen}
          label={t("newChat")}
          data-testid="new-session"
          onClick={() => setSessionId(null)}
        />
      </header>
      <ChatView
        sessionId={sessionId}
        timelineOpen={timeline}
        onTimeline={setTimeline}
        onStarted={started}
        onChanged={sessions.refresh}
        trouble={sessions.error}
        remoteVersion={known ? `${known.updatedAt} ${known.liveRunId ?? ""}` : null}
      />
    </>
  );
}

/** Dispatches `sanca-signed-out` when the host no longer knows the person. */
class SancaChatElement extends HTMLElement {
  static readonly observedAttributes = ["base-url", "language", "theme"];
  private root: Root | null = null;

  connectedCallback(): void {
    const shadow = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = `:host{display:block;height:100%;min-height:320px;contain:content}${styles}`;
    const mount = document.createElement("div");
    mount.style.height = "100%";
    shadow.replaceChildren(style, mount);
    this.root = createRoot(mount);
    this.render();
  }

  disconnectedCallback(): void {
    this.root?.unmount();
    this.root = null;
  }

  attributeChangedCallback(): void {
    this.render();
  }

  private render(): void {
    this.root?.render(
      <Embedded
        baseUrl={this.getAttribute("base-url") ?? ""}
        language={this.getAttribute("language")}
        theme={this.getAttribute("theme")}
        root={this.shadowRoot!}
        onSignedOut={this.signedOut}
      />,
    );
  }

  private readonly signedOut = (): void => {
    this.dispatchEvent(new CustomEvent("sanca-signed-out", { bubbles: true, composed: true }));
  };
}

if (!customElements.get("sanca-chat")) customElements.define("sanca-chat", SancaChatElement);
