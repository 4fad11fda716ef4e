// What every part of the page may know: the host client, who is signed in, and polling of the host's lists.
import { createContext, useCallback, useContext, useEffect, useRef, useState } from "react";
import type { HostClient } from "../api/client";
import type { Me, Toolkits } from "../api/types";
import type { PageCommand, PageReply } from "../commands/pageCommands";

export interface Host {
  client: HostClient;
  me: Me | null;
  toolkits: Toolkits | null;
  signedOut: () => void;
  /** Carries out page commands; absent where the page takes none. */
  onCommand?: (command: PageCommand) => Promise<PageReply>;
  /** Whether the host is the demo portal, with a fleet to ask about. */
  hasFleet?: boolean;
  /** Whether the page has the memory panel; the chat inside another portal has not. */
  hasMemory?: boolean;
  /** Where the settings are; absent inside another portal. */
  settingsHref?: string;
}

export const HostContext = createContext<Host | null>(null);

export function useHost(): Host {
  const host = useContext(HostContext);
  if (!host) throw new Error("HostContext is missing above this component");
  return host;
}

/** True when the person may use a right; an embedding portal without /api/me decides on its own side. */
export function may(host: Host, right: string | null | undefined): boolean {
  return !right || !host.me || host.me.rights.includes(right);
}

/** The right a tool asks for, null when the tool is not known. */
export function rightOf(host: Host, toolkit: string, tool: string): string | null {
  const found = host.toolkits?.toolkits.find((entry) => entry.name === toolkit);
  return found?.tools.find((entry) => entry.name === tool)?.right ?? null;
}

export interface Polled<T> {
  data: T | null;
  error: Error | null;
  refresh: () => void;
}

/** Reads again every `period` ms while the page is visible; one request at a time. */
export function usePolling<T>(read: () => Promise<T>, period: number, enabled = true): Polled<T> {
  const [data, setData] = useState<T | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const busy = useRef(false);
  const alive = useRef(true);
  const load = useCallback(async () => {
    if (busy.current) return;
    busy.current = true;
    try {
      const next = await read();
      if (!alive.current) return;
      setData(next);
      setError(null);
    } catch (cause) {
      if (alive.current) setError(cause as Error);
    } finally {
      busy.current = false;
    }
  }, [read]);
  useEffect(() => {
    alive.current = true;
    if (!enabled) return;
    void load();
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void load();
    }, period);
    return () => {
      alive.current = false;
      clearInterval(timer);
    };
  }, [load, period, enabled]);
  const refresh = useCallback(() => void load(), [load]);
  return { data, error, refresh };
}
