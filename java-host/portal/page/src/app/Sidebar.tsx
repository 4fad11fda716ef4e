// The left side: new conversation, the list of past ones, the fleet's health, links, the person's menu.
import {
  Activity,
  BookOpenText,
  Brain,
  EllipsisVertical,
  Keyboard,
  Languages,
  LogOut,
  Monitor,
  Moon,
  Pencil,
  Settings,
  SquarePen,
  Sun,
  Trash2,
  type LucideIcon,
} from "lucide-react";
import { useState, type FormEvent } from "react";
import type { Fleet, Session } from "../api/types";
import { useI18n } from "../i18n/context";
import { Confirm, IconButton, Menu, MenuItem, Modal } from "../ui/controls";
import { Logo } from "../ui/Logo";
import { useHost } from "./host";
import type { Preferences, ThemeChoice } from "./preferences";
import { sessionHash, type Route } from "./route";

export interface SidebarProps {
  route: Route;
  sessions: Session[];
  fleet: Fleet | null;
  preferences: Preferences;
  onChanged: () => void;
  onDeleted: (id: string) => void;
  onShortcuts: () => void;
}

export function Sidebar(props: SidebarProps) {
  const { t } = useI18n();
  const { route, sessions } = props;
  const current = route.page === "chat" ? route.session : null;
  const midnight = new Date().setHours(0, 0, 0, 0);
  const isToday = (session: Session): boolean => new Date(session.updatedAt).getTime() >= midnight;
  const groups = [
    { label: t("today"), list: sessions.filter(isToday) },
    { label: t("earlier"), list: sessions.filter((session) => !isToday(session)) },
  ].filter((group) => group.list.length > 0);
  return (
    <div className="sidebar">
      <div className="sidebar-head">
        <a className="brand" href="#/" aria-label="sanca">
          <Logo /> sanca
        </a>
        <a className="icon-button" href="#/" data-testid="new-session" aria-label={t("newChat")} title={t("newChat")}>
          <SquarePen size={16} strokeWidth={1.9} aria-hidden />
        </a>
      </div>
      <nav className="session-list" aria-label={t("conversations")}>
        {sessions.length === 0 && <p className="tone-muted panel-text">{t("noConversations")}</p>}
        {groups.map((group) => (
          <section key={group.label}>
            <h2>{group.label}</h2>
            <ul>
              {group.list.map((session) => (
                <SessionRow
                  key={session.sessionId}
                  session={session}
                  current={session.sessionId === current}
                  {...props}
                />
              ))}
            </ul>
          </section>
        ))}
      </nav>
      <nav className="sidebar-links" aria-label={t("menu")}>
        <NavLink icon={Activity} href="#/fleet" label={t("fleet")} current={route.page === "fleet"}>
          <FleetSummary fleet={props.fleet} />
        </NavLink>
        <NavLink icon={Brain} href="#/memory" label={t("memory")} current={route.page === "memory"} />
        <NavLink icon={BookOpenText} href="#/api" label={t("api")} current={route.page === "api"} />
        <NavLink icon={Settings} href="#/settings" label={t("settings")} current={route.page === "settings"} />
      </nav>
      <PersonMenu {...props} />
    </div>
  );
}

interface NavLinkProps {
  icon: LucideIcon;
  href: string;
  label: string;
  current: boolean;
  children?: React.ReactNode;
}

function NavLink({ icon: Icon, href, label, current, children }: NavLinkProps) {
  return (
    <a href={href} className="nav-link" aria-current={current ? "page" : undefined}>
      <Icon size={16} strokeWidth={1.9} aria-hidden />
      {label}
      {children}
    </a>
  );
}

function FleetSummary({ fleet }: { fleet: Fleet | null }) {
  const { t } = useI18n();
  if (!fleet) return null;
  const count = fleet.services.length;
  const troubled = fleet.services.filter((service) => service.status !== "up").length;
  const worst = fleet.services.some((service) => service.status === "down") ? "down" : troubled > 0 ? "degraded" : "up";
  const text = troubled > 0 ? t("fleetTroubled", { troubled, count }) : t("fleetHealthy", { count });
  return (
    <span className="fleet-summary num" title={text} data-testid="fleet-summary">
      <span className={`dot ${worst}`} aria-hidden />
      <span className="hidden-visually">{text}</span>
      <span aria-hidden>
        {count - troubled}/{count}
      </span>
    </span>
  );
}

function SessionRow({ session, current, onChanged, onDeleted }: SidebarProps & { session: Session; current: boolean }) {
  const { t } = useI18n();
  const { client } = useHost();
  const [open, setOpen] = useState<"rename" | "delete" | null>(null);
  const title = session.title || t("untitled");
  const remove = (): void => {
    void client.deleteSession(session.sessionId).then(() => {
      onDeleted(session.sessionId);
      onChanged();
    }, onChanged);
  };
  return (
    <li className="session" data-testid="session-item" data-id={session.sessionId}>
      <a href={sessionHash(session.sessionId)} aria-current={current ? "page" : undefined} title={title}>
        <span className="session-title">{title}</span>
        {session.liveRunId && (
          <span className="session-live" title={t("sessionRunning")}>
            <span className="hidden-visually">{t("sessionRunning")}</span>
          </span>
        )}
      </a>
      <Menu
        trigger={(rest) => <IconButton small icon={EllipsisVertical} label={t("sessionMenu", { title })} {...rest} />}
      >
        <MenuItem icon={Pencil} data-testid="session-rename" onClick={() => setOpen("rename")}>
          {t("rename")}
        </MenuItem>
        <MenuItem icon={Trash2} data-testid="session-delete" onClick={() => setOpen("delete")}>
          {t("delete")}
        </MenuItem>
      </Menu>
      {open === "rename" && <Rename session={session} onClose={() => setOpen(null)} onChanged={onChanged} />}
      {open === "delete" && (
        <Confirm
          title={t("deleteTitle")}
          text={t("deleteText")}
          action={t("delete")}
          onYes={remove}
          onClose={() => setOpen(null)}
        />
      )}
    </li>
  );
}

function Rename({ session, onClose, onChanged }: { session: Session; onClose: () => void; onChanged: () => void }) {
  const { t } = useI18n();
  const { client } = useHost();
  const [title, setTitle] = useState(session.title);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void client.renameSession(session.sessionId, title.trim()).then(onChanged, onChanged);
    onClose();
  };
  return (
    <Modal title={t("renameTitle")} onClose={onClose}>
      <form onSubmit={submit}>
        <label className="field">
          <span>{t("title")}</span>
          <input
            className="input"
            required
            maxLength={120}
            value={title}
            onChange={(event) => setTitle(event.target.value)}
          />
        </label>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
          <button type="submit" className="button primary" disabled={!title.trim()}>
            {t("save")}
          </button>
        </div>
      </form>
    </Modal>
  );
}

const nextTheme: Record<ThemeChoice, ThemeChoice> = { system: "light", light: "dark", dark: "system" };

function PersonMenu({ preferences, onShortcuts }: SidebarProps) {
  const { t } = useI18n();
  const { me, client, signedOut } = useHost();
  const { language, setLanguage, themeChoice, setTheme } = preferences;
  const themeIcon = { system: Monitor, light: Sun, dark: Moon }[themeChoice];
  const themeLabel = { system: t("themeSystem"), light: t("themeLight"), dark: t("themeDark") }[themeChoice];
  const name = me?.displayName ?? "";
  return (
    <div className="person">
      {me && (
        <Menu
          placement="up"
          align="start"
          trigger={(rest) => (
            <button type="button" className="person-button" data-testid="user-menu" {...rest}>
              <span className="avatar" aria-hidden>
                {name.slice(0, 1).toUpperCase()}
              </span>
              <span className="person-name">{name}</span>
              <span className="hidden-visually">{t("account")}</span>
            </button>
          )}
        >
          <MenuItem icon={Keyboard} onClick={onShortcuts}>
            {t("shortcuts")}
          </MenuItem>
          <MenuItem
            icon={LogOut}
            data-testid="sign-out"
            onClick={() => void client.signOut().then(signedOut, signedOut)}
          >
            {t("signOut")}
          </MenuItem>
        </Menu>
      )}
      <IconButton
        icon={Languages}
        label={t("switchLanguage")}
        data-testid="lang-toggle"
        onClick={() => setLanguage(language === "en" ? "zh" : "en")}
      />
      <IconButton
        icon={themeIcon}
        label={themeLabel}
        data-testid="theme-toggle"
        onClick={() => setTheme(nextTheme[themeChoice])}
      />
    </div>
  );
}
