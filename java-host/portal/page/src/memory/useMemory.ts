// What the memory page shows now: found by a query or listed, page after page, and changed in place.
import { useCallback, useEffect, useRef, useState } from "react";
import { HostError } from "../api/client";
import type { MemoryFound, MemoryItem, MemoryQuery } from "../api/types";
import { useHost } from "../app/host";
import type { MemoryPlace } from "../app/route";

export interface MemoryState {
  items: MemoryItem[];
  found: MemoryFound | null;
  busy: boolean;
  /** A sentence fit to be shown; "unreachable" when the host does not answer. */
  error: string | null;
  reload: () => void;
  more: () => void;
  replace: (item: MemoryItem) => void;
}

export const sameItem = (one: MemoryItem, other: MemoryItem): boolean => keyOf(one) === keyOf(other);

export const keyOf = (item: MemoryItem): string =>
  [item.layer, item.wholeTenant, item.sessionId, item.id]
    .map(encodeURIComponent as (part: unknown) => string)
    .join("/");

const pageSize = 30;

function asQuery(place: MemoryPlace, query: string): MemoryQuery {
  return {
    query,
    layers: place.layer ? [place.layer] : [],
    ids: place.id ? [place.id] : [],
    sessionId: place.session,
    limit: pageSize,
  };
}

export function useMemory(place: MemoryPlace, query: string): MemoryState {
  const { client, signedOut } = useHost();
  const [found, setFound] = useState<MemoryFound | null>(null);
  const [items, setItems] = useState<MemoryItem[]>([]);
  const [busy, setBusy] = useState(true);
  const [error, setError] = useState<string | null>(null);
  const asked = useRef(0); // only the answer to the last question counts
  const { layer, id, session } = place;
  const ask = useCallback(
    async (after: string): Promise<void> => {
      const number = ++asked.current;
      setBusy(true);
      try {
        const answer = await client.searchMemory({ ...asQuery({ layer, id, session }, query), after });
        if (number !== asked.current) return;
        setItems((known) => (after ? [...known, ...answer.items] : answer.items));
        setFound(answer);
        setError(null);
      } catch (cause) {
        if (number !== asked.current) return;
        if (cause instanceof HostError && cause.status === 401) signedOut();
        setError((cause as Error).message);
      } finally {
        if (number === asked.current) setBusy(false);
      }
    },
    [client, signedOut, layer, id, session, query],
  );
  useEffect(() => void ask(""), [ask]);
  const reload = useCallback(() => void ask(""), [ask]);
  const more = useCallback(() => void ask(found?.next ?? ""), [ask, found]);
  const replace = useCallback(
    (item: MemoryItem) =>
      setItems((known) =>
        known.map((one) => (sameItem(one, item) ? { ...item, score: one.score, reasons: one.reasons } : one)),
      ),
    [],
  );
  return { items, found, busy, error, reload, more, replace };
}
