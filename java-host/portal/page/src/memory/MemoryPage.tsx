// The memory page: look for what is remembered, see why it was recalled, correct it, have it forgotten.
import { CircleAlert, Download, EllipsisVertical, Info, Search, Trash2, X } from "lucide-react";
import { useDeferredValue, useEffect, useRef, useState, type FormEvent } from "react";
import type { MemoryLayer } from "../api/types";
import { useHost } from "../app/host";
import { go, memoryHash, memoryLayers, type MemoryPlace } from "../app/route";
import { useI18n } from "../i18n/context";
import { IconButton, Menu, MenuItem, Spinner } from "../ui/controls";
import { Documents } from "./Documents";
import { ForgetEverything } from "./Forgetting";
import { layerIcons } from "./layers";
import { MemoryList } from "./MemoryList";
import { NewPreference } from "./NewPreference";
import { NothingThere } from "./NothingThere";
import { useMemory } from "./useMemory";

interface MemoryPageProps {
  place: MemoryPlace;
  /** Everything was forgotten: the conversations are gone too. */
  onForgotten: () => void;
}

export function MemoryPage({ place, onForgotten }: MemoryPageProps) {
  const { t, number } = useI18n();
  const [typed, setTyped] = useState("");
  const [query, setQuery] = useState("");
  const memory = useMemory(place, useDeferredValue(query));
  const [said, setSaid] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const forgotten = (): void => {
    memory.reload();
    setSaid(t("memoryForgotten"));
    list.current?.focus(); // what had the focus is gone
  };
  useEffect(() => {
    const wait = setTimeout(() => setQuery(typed.trim()), 350);
    return () => clearTimeout(wait);
  }, [typed]);
  const { items, found, busy, error } = memory;
  const searches = query !== "";
  const counted = items.length === 1 ? t("memoryFoundOne") : t("memoryFound", { count: number(items.length) });
  return (
    <div className="document memory" data-testid="memory">
      <div className="memory-head">
        <p className="tone-muted">{t("memoryText")}</p>
        <MoreMenu
          onForgotten={() => {
            forgotten();
            onForgotten();
          }}
        />
      </div>
      <SearchBox
        value={typed}
        busy={busy}
        onChange={setTyped}
        onSubmit={() => setQuery(typed.trim())}
        onClear={() => {
          setTyped("");
          setQuery("");
        }}
      />
      <Layers place={place} counts={found?.counts ?? []} />
      {found?.notice && (
        <p className="notice warning" role="status">
          <Info size={15} aria-hidden /> {found.notice}
        </p>
      )}
      {error !== null && (
        <p className="notice error" role="alert" data-testid="memory-error">
          <CircleAlert size={15} aria-hidden /> {error === "unreachable" ? t("unreachable") : error}
        </p>
      )}
      {place.layer === "preference" && !place.id && !searches && <NewPreference onAdded={memory.reload} />}
      {place.layer === "knowledge" && !place.id && !searches && <Documents onAdded={memory.reload} />}
      <p className={searches ? "memory-count tone-muted" : "hidden-visually"} role="status" data-testid="memory-count">
        {busy ? "" : counted}
      </p>
      <p className="hidden-visually" role="status" data-testid="memory-said">
        {said}
      </p>
      <div ref={list} tabIndex={-1} className="memory-results">
        <MemoryList
          memory={memory}
          query={query}
          expanded={place.id !== ""}
          onSaved={() => setSaid(t("memorySaved"))}
          onForgotten={forgotten}
        />
      </div>
      {place.id !== "" && (
        <a className="button memory-all" href={memoryHash(place.layer)}>
          {t("memoryShowAll")}
        </a>
      )}
      {!busy && error === null && items.length === 0 && !found?.next && (
        <NothingThere place={place} query={query} onClear={() => setTyped("")} />
      )}
      {found?.next && (
        <button
          type="button"
          className="button memory-next"
          data-testid="memory-next"
          disabled={busy}
          onClick={memory.more}
        >
          {busy && <Spinner />} {t("memoryNext")}
        </button>
      )}
    </div>
  );
}

interface SearchBoxProps {
  value: string;
  busy: boolean;
  onChange: (value: string) => void;
  onSubmit: () => void;
  onClear: () => void;
}

function SearchBox({ value, busy, onChange, onSubmit, onClear }: SearchBoxProps) {
  const { t } = useI18n();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className="memory-search" role="search" onSubmit={submit}>
      {busy ? <Spinner size={16} /> : <Search size={16} aria-hidden />}
      <input
        className="input"
        type="search"
        maxLength={8000}
        aria-label={t("memorySearch")}
        placeholder={t("memorySearchHint")}
        data-testid="memory-search"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && onClear()}
      />
      {value && <IconButton small icon={X} label={t("memoryClear")} onClick={onClear} />}
    </form>
  );
}

function Layers({ place, counts }: { place: MemoryPlace; counts: { layer: MemoryLayer; records: number }[] }) {
  const { t, number } = useI18n();
  const countOf = (layer: MemoryLayer): number => counts.find((count) => count.layer === layer)?.records ?? 0;
  return (
    <nav className="memory-layers" aria-label={t("memoryLayers")}>
      <a href={memoryHash(null)} data-testid="layer-all" aria-current={place.layer === null ? "page" : undefined}>
        {t("memoryAll")}
      </a>
      {memoryLayers.map((layer) => {
        const Icon = layerIcons[layer];
        return (
          <a
            key={layer}
            href={memoryHash(layer)}
            data-testid={`layer-${layer}`}
            aria-current={place.layer === layer ? "page" : undefined}
          >
            <Icon size={14} aria-hidden />
            {t(`memory_${layer}`)}
            <span className="num">{number(countOf(layer))}</span>
          </a>
        );
      })}
    </nav>
  );
}

function MoreMenu({ onForgotten }: { onForgotten: () => void }) {
  const { t } = useI18n();
  const { client } = useHost();
  const [asking, setAsking] = useState(false);
  const save = (): void => {
    const link = document.createElement("a");
    link.href = client.memoryExportUrl();
    link.download = "";
    link.click();
  };
  return (
    <>
      <Menu
        trigger={(rest) => (
          <IconButton icon={EllipsisVertical} label={t("memoryActions")} data-testid="memory-actions" {...rest} />
        )}
      >
        <MenuItem icon={Download} data-testid="memory-export" onClick={save}>
          {t("memoryExport")}
        </MenuItem>
        <MenuItem icon={Trash2} data-testid="memory-forget-all" onClick={() => setAsking(true)}>
          {t("memoryForgetAll")}
        </MenuItem>
      </Menu>
      {asking && (
        <ForgetEverything
          onClose={() => setAsking(false)}
          onForgotten={() => {
            onForgotten();
            go(memoryHash(null));
          }}
        />
      )}
    </>
  );
}
