// The whole page: who is signed in, the three columns, the routes, and what they share.
import { ChartGantt, Menu as MenuIcon, PanelRight } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { HostClient, HostError } from "../api/client";
import { anchor } from "../commands/anchors";
import type { Opener } from "../commands/pageCommands";
import { leaveTo, Said, usePageCommands } from "../commands/usePageCommands";
import type { Me, Toolkits } from "../api/types";
import { ChatView } from "../chat/ChatView";
import { FleetPanel } from "../fleet/FleetPanel";
import { I18nProvider, useI18n } from "../i18n/context";
import { MemoryPage } from "../memory/MemoryPage";
import { ApiPage } from "../settings/ApiPage";
import { SettingsPage } from "../settings/SettingsPage";
import { IconButton, Modal, Spinner } from "../ui/controls";
import { HostContext, useHost, usePolling } from "./host";
import { keep, readKept, useMedia, usePreferences, type Preferences } from "./preferences";
import { go, replaceRoute, sessionHash, useRoute } from "./route";
import { ShortcutsDialog, useShortcuts } from "./Shortcuts";
import { Sidebar } from "./Sidebar";
import { SignIn } from "./SignIn";

type Door = { state: "loading" } | { state: "out" } | { state: "in"; me: Me };

export function App() {
  const preferences = usePreferences();
  const client = useMemo(() => new HostClient(), []);
  const [door, setDoor] = useState<Door>({ state: "loading" });
  const [toolkits, setToolkits] = useState<Toolkits | null>(null);
  const enter = useCallback(async () => {
    try {
      setDoor({ state: "in", me: await client.me() });
      setToolkits(await client.tools());
    } catch (error) {
      if (error instanceof HostError && (error.status === 401 || error.status === 403)) setDoor({ state: "out" });
      else setTimeout(() => void enter(), 2000);
    }
  }, [client]);
  useEffect(() => void enter(), [enter]);
  useEffect(() => {
    document.documentElement.lang = preferences.language === "zh" ? "zh-CN" : "en";
    document.documentElement.style.background = preferences.theme === "dark" ? "#0e0e11" : "#ffffff";
  }, [preferences.language, preferences.theme]);
  const signedOut = useCallback(() => setDoor({ state: "out" }), []);
  const me = door.state === "in" ? door.me : null;
  const opener = useRef<Opener>(nothingToOpen);
  const tools = useMemo(
    () => ({
      trees: () => [document],
      opener: { targets: () => opener.current.targets(), open: (target: string) => opener.current.open(target) },
      leave: leaveTo,
    }),
    [],
  );
  const { onCommand, said } = usePageCommands(tools, preferences.language);
  const host = useMemo(
    () => ({ client, me, toolkits, signedOut, settingsHref: "#/settings", hasFleet: true, hasMemory: true, onCommand }),
    [client, me, toolkits, signedOut, onCommand],
  );
  return (
    <I18nProvider language={preferences.language}>
      <HostContext value={host}>
        <div
          className="sanca page"
          data-theme={preferences.theme}
          lang={preferences.language === "zh" ? "zh-CN" : "en"}
        >
          {door.state === "loading" && <Opening />}
          {door.state === "out" && <SignIn onDone={() => void enter()} />}
          {door.state === "in" && <Frame preferences={preferences} opener={opener} />}
          <Said text={said} />
        </div>
      </HostContext>
    </I18nProvider>
  );
}

const nothingToOpen: Opener = { targets: () => [], open: () => false };
const pages = ["chat", "memory", "fleet", "settings", "api"] as const;

/** Waits until a place is on the page, for a moment at most; the page draws it with its next frames. */
async function appears(name: string): Promise<void> {
  for (let wait = 0; wait < 1500 && !anchor([document], name); wait += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function Opening() {
  const { t } = useI18n();
  return (
    <div className="chat-loading" role="status">
      <Spinner size={20} />
      <span className="hidden-visually">{t("loading")}</span>
    </div>
  );
}

interface FrameProps {
  preferences: Preferences;
  /** What page commands may open is known only here. */
  opener: { current: Opener };
}

function Frame({ preferences, opener }: FrameProps) {
  const { t } = useI18n();
  const { client, signedOut } = useHost();
  const route = useRoute();
  const [drawer, setDrawer] = useState(false);
  const [timeline, setTimeline] = useState(false);
  const [help, setHelp] = useState(false);
  const [panel, setPanel] = useState(() => readKept("fleet") !== "hidden");
  const wide = useMedia("(min-width: 1100px)");
  const narrow = useMedia("(max-width: 760px)");
  const sessions = usePolling(client.sessions, 5000);
  const fleet = usePolling(client.fleet, 3000);
  const signedOff = sessions.error instanceof HostError && sessions.error.status === 401;
  useEffect(() => {
    if (signedOff) signedOut();
  }, [signedOff, signedOut]);
  const shown = route.page === "chat";
  const conversation = useRef<string | null>(null);
  // The conversation stays open behind the other pages: a run may lead the person there and back.
  if (shown) conversation.current = route.session;
  const sessionId = conversation.current;
  const known = sessions.data?.find((session) => session.sessionId === sessionId);
  const togglePanel = useCallback(() => {
    setPanel((now) => {
      keep("fleet", now ? "hidden" : "shown");
      return !now;
    });
  }, []);
  useEffect(() => setDrawer(false), [route]);
  const started = useCallback((id: string) => replaceRoute(sessionHash(id)), []);
  useShortcuts({
    focus: () => document.querySelector<HTMLElement>("[data-testid=composer]")?.focus(),
    create: () => go("#/"),
    timeline: () => setTimeline((now) => !now),
    fleet: () => (wide ? togglePanel() : go(route.page === "fleet" ? "#/" : "#/fleet")),
    help: () => setHelp(true),
  });
  const sidebar = (
    <Sidebar
      route={route}
      sessions={sessions.data ?? []}
      fleet={fleet.data}
      preferences={preferences}
      onChanged={sessions.refresh}
      onDeleted={(id) => id === sessionId && go("#/")}
      onShortcuts={() => setHelp(true)}
    />
  );
  const title = shown ? known?.title || (sessionId ? t("conversation") : t("newChat")) : t(route.page);
  useEffect(() => {
    document.title = `${title} · sanca`;
  }, [title]);
  const lastChat = sessionId ? sessionHash(sessionId) : "#/";
  const showFleet = (): void => {
    if (!wide) return go("#/fleet");
    keep("fleet", "shown");
    setPanel(true);
    if (!shown) go(lastChat);
  };
  useEffect(() => {
    const services = (fleet.data?.services ?? []).map((service) => `fleet/${service.name}`);
    opener.current = {
      targets: () => [...pages, "timeline", ...services],
      open: async (target) => {
        if (target === "fleet" || services.includes(target)) {
          showFleet();
          if (target === "fleet") return true;
          await appears(target);
          return false; // its place is drawn now, and is shown as any other
        }
        if (target === "chat") go(lastChat);
        else if (target === "settings" || target === "api" || target === "memory") go(`#/${target}`);
        else if (target === "timeline") {
          if (!shown) go(lastChat);
          setTimeline(true);
        } else return false;
        return true;
      },
    };
  });
  return (
    <>
      <a className="skip-link" href="#chat-main" onClick={skip}>
        {t("skipToChat")}
      </a>
      {!narrow && <aside className="column-left">{sidebar}</aside>}
      <main className="column-centre" id="chat-main" tabIndex={-1}>
        <header className="top-bar">
          {narrow && (
            <IconButton icon={MenuIcon} label={t("menu")} data-testid="menu" onClick={() => setDrawer(true)} />
          )}
          <h1 className="top-title">{title}</h1>
          {route.page === "chat" && (
            <IconButton
              icon={ChartGantt}
              label={t("timeline")}
              data-testid="timeline-open"
              onClick={() => setTimeline(true)}
            />
          )}
          {route.page === "chat" && wide && (
            <IconButton
              icon={PanelRight}
              label={panel ? t("hideFleet") : t("showFleet")}
              aria-pressed={panel}
              data-testid="fleet-toggle"
              onClick={togglePanel}
            />
          )}
        </header>
        {!wide && (route.page === "chat" || route.page === "fleet") && (
          <nav className="tabs" aria-label={t("menu")}>
            <a href={lastChat} aria-current={route.page === "chat" ? "page" : undefined} data-testid="tab-chat">
              {t("chat")}
            </a>
            <a href="#/fleet" aria-current={route.page === "fleet" ? "page" : undefined} data-testid="tab-fleet">
              {t("fleet")}
            </a>
          </nav>
        )}
        <div className="chat-place" hidden={!shown}>
          <ChatView
            sessionId={sessionId}
            timelineOpen={timeline && shown}
            onTimeline={setTimeline}
            onStarted={started}
            onChanged={sessions.refresh}
            trouble={sessions.error}
            remoteVersion={known ? `${known.updatedAt} ${known.liveRunId ?? ""}` : null}
          />
        </div>
        {route.page === "fleet" && (
          <div className="document">
            <FleetPanel fleet={fleet} />
          </div>
        )}
        {route.page === "memory" && <MemoryPage place={route.place} onForgotten={sessions.refresh} />}
        {route.page === "settings" && <SettingsPage preferences={preferences} />}
        {route.page === "api" && <ApiPage />}
      </main>
      {wide && panel && route.page === "chat" && (
        <aside className="column-right" aria-label={t("fleet")}>
          <FleetPanel fleet={fleet} />
        </aside>
      )}
      {narrow && drawer && (
        <Modal title={t("menu")} kind="drawer left" bare onClose={() => setDrawer(false)}>
          {sidebar}
        </Modal>
      )}
      {help && <ShortcutsDialog onClose={() => setHelp(false)} />}
    </>
  );
}

/** The address after # is the route, so the skip link moves the focus itself. */
function skip(event: React.MouseEvent): void {
  event.preventDefault();
  const composer = document.querySelector<HTMLElement>(".chat-place:not([hidden]) [data-testid=composer]");
  (composer ?? document.getElementById("chat-main"))?.focus();
}
