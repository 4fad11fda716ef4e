// A document of what everybody here knows: how it stands; its pieces are read when somebody opens it.
import { BookOpenText, ChevronRight, Trash2, TriangleAlert } from "lucide-react";
import { useState } from "react";
import type { MemoryItem } from "../api/types";
import { useHost } from "../app/host";
import { useI18n } from "../i18n/context";
import { Spinner } from "../ui/controls";
import { Doubt } from "./Doubt";
import { Forgetting } from "./Forgetting";
import { MemoryCard } from "./MemoryCard";
import { keyOf, sameItem } from "./useMemory";

interface DocumentRowProps {
  /** The record that tells of the document. */
  head: MemoryItem;
  onForgotten: () => void;
}

const piecesMost = 200;

export function DocumentRow({ head, onForgotten }: DocumentRowProps) {
  const { t, number, ago, text } = useI18n();
  const { client } = useHost();
  const [asking, setAsking] = useState(false);
  const [pieces, setPieces] = useState<MemoryItem[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const name = head.document;
  const count = typeof head.data.pieces === "number" ? head.data.pieces : 0;
  const remarks = Array.isArray(head.data.remarks) ? head.data.remarks.map(String) : [];
  const read = async (): Promise<void> => {
    try {
      const found = await client.searchMemory({ layers: ["knowledge"], document: name, limit: piecesMost });
      setPieces(found.items.filter((item) => item.data.kind !== "document"));
      setError(null);
    } catch (cause) {
      setError((cause as Error).message);
    }
  };
  const replace = (changed: MemoryItem): void =>
    setPieces((known) => known?.map((one) => (sameItem(one, changed) ? changed : one)) ?? null);
  return (
    <details
      className="memory-document"
      data-testid="document"
      data-document={name}
      onToggle={(event) => event.currentTarget.open && pieces === null && void read()}
    >
      <summary>
        <ChevronRight size={14} aria-hidden className="tone-muted" />
        <BookOpenText size={15} aria-hidden className="tone-muted" />
        <b className="file-name">{name}</b>
        <span className="tone-muted num">
          {count === 1 ? t("memoryAddedOne") : t("memoryAdded", { count: number(count) })}
        </span>
        {head.time && (
          <time dateTime={head.time} title={text(head.time)} className="tone-muted">
            {ago(head.time)}
          </time>
        )}
      </summary>
      <Doubt item={head} />
      {remarks.map((remark) => (
        <p key={remark} className="upload-remark">
          <TriangleAlert size={13} aria-hidden /> {remark}
        </p>
      ))}
      {error !== null && (
        <p className="notice error" role="alert">
          {error === "unreachable" ? t("unreachable") : error}
        </p>
      )}
      {pieces === null ? (
        <p className="memory-loading">{error === null && <Spinner />}</p>
      ) : (
        pieces.map((item) => (
          <MemoryCard key={keyOf(item)} item={item} expanded={false} onRead={replace} onForgotten={() => void read()} />
        ))
      )}
      {head.canForget && (
        <button
          type="button"
          className="button ghost danger small document-forget"
          data-testid="document-forget"
          onClick={() => setAsking(true)}
        >
          <Trash2 size={13} aria-hidden /> {t("memoryForgetDocument")}
        </button>
      )}
      {asking && (
        <Forgetting
          title={t("memoryForgetDocumentTitle", { name })}
          text={t("memoryForgetDocumentText")}
          action={t("memoryForget")}
          forget={() => client.forgetDocument(name)}
          onClose={() => setAsking(false)}
          onForgotten={onForgotten}
        />
      )}
    </details>
  );
}
