// The page's address: #/ (new conversation), #/s/<id>, #/memory, #/fleet, #/settings, #/api.
import { useMemo, useSyncExternalStore } from "react";
import type { MemoryKey, MemoryLayer } from "../api/types";

/** What the memory page shows: a layer (null: all), or one record that a link names. */
export interface MemoryPlace {
  layer: MemoryLayer | null;
  id: string;
  session: string;
}

export type Route =
  | { page: "chat"; session: string | null }
  | { page: "memory"; place: MemoryPlace }
  | { page: "fleet" | "settings" | "api" };

export const memoryLayers: readonly MemoryLayer[] = ["message", "summary", "knowledge", "experience", "preference"];

export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#\/?/, "");
  const session = /^s\/([^/?]+)/.exec(path);
  if (session) return { page: "chat", session: decodeURIComponent(session[1]!) };
  const memory = /^memory(?:\?(.*))?$/.exec(path);
  if (memory) return { page: "memory", place: memoryPlace(new URLSearchParams(memory[1] ?? "")) };
  if (path === "fleet" || path === "settings" || path === "api") return { page: path };
  return { page: "chat", session: null };
}

function memoryPlace(given: URLSearchParams): MemoryPlace {
  const layer = memoryLayers.find((known) => known === given.get("layer")) ?? null;
  return { layer, id: given.get("id") ?? "", session: given.get("session") ?? "" };
}

/** The memory page at a layer, or at one record of it. */
export function memoryHash(layer: MemoryLayer | null, key?: Pick<MemoryKey, "id" | "sessionId">): string {
  const given = new URLSearchParams();
  if (layer) given.set("layer", layer);
  if (key) given.set("id", key.id);
  if (key?.sessionId) given.set("session", key.sessionId);
  const query = given.toString();
  return query ? `#/memory?${query}` : "#/memory";
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
