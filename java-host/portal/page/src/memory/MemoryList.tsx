// What was found, in order: documents as rows that open, everything else as cards.
import type { MemoryItem } from "../api/types";
import { DocumentRow } from "./DocumentRow";
import { MemoryCard } from "./MemoryCard";
import { keyOf, type MemoryState } from "./useMemory";

interface MemoryListProps {
  memory: MemoryState;
  query: string;
  /** One record that a link named: it is shown whole. */
  expanded: boolean;
  onSaved: () => void;
  onForgotten: () => void;
}

export function MemoryList({ memory, query, expanded, onSaved, onForgotten }: MemoryListProps) {
  const read = (item: MemoryItem): void => {
    memory.replace(item);
    onSaved();
  };
  return (
    <div className={`memory-list ${memory.busy && memory.items.length > 0 ? "busy" : ""}`} aria-busy={memory.busy}>
      {memory.items.map((item) =>
        item.data.kind === "document" && query === "" ? (
          <DocumentRow key={keyOf(item)} head={item} onForgotten={onForgotten} />
        ) : (
          <MemoryCard key={keyOf(item)} item={item} expanded={expanded} onRead={read} onForgotten={onForgotten} />
        ),
      )}
    </div>
  );
}
