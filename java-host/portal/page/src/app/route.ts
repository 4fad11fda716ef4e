// The page's address: #/ (new conversation), #/s/<id>, #/fleet, #/settings, #/api.
import { useMemo, useSyncExternalStore } from "react";

export type Route = { page: "chat"; session: string | null } | { page: "fleet" | "settings" | "api" };

export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#\/?/, "");
  const session = /^s\/([^/?]+)/.exec(path);
  if (session) return { page: "chat", session: decodeURIComponent(session[1]!) };
  if (path === "fleet" || path === "settings" || path === "api") return { page: path };
  return { page: "chat", session: null };
}

export const sessionHash = (id: string): string => `#/s/${encodeURIComponent(id)}`;

export function go(hash: string): void {
  location.hash = hash;
}

/** Puts a session's id into the address without a new entry in the history. */
export function replaceRoute(hash: string): void {
  history.replaceState(null, "", hash);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

const subscribe = (listener: () => void): (() => void) => {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
};

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return useMemo(() => parseRoute(hash), [hash]);
}
