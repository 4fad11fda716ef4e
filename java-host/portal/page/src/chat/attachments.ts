// Files a person adds to a message: uploaded at once, one chip each, errors as the server's own sentence.
import { useCallback, useState } from "react";
import type { SharedFile } from "../agui/activities";
import type { HostClient } from "../api/client";
import { keep, readKept } from "../app/preferences";

export interface Attachment {
  key: string;
  name: string;
  sizeBytes: number;
  progress: number;
  error: string | null;
  file: SharedFile | null;
  cancel: () => void;
}

export interface Attachments {
  list: Attachment[];
  add: (sessionId: string, files: Iterable<File>) => void;
  remove: (key: string) => void;
  clear: () => void;
}

let counter = 0;

export function useAttachments(client: HostClient, unreachable: string): Attachments {
  const [list, setList] = useState<Attachment[]>([]);
  const patch = useCallback((key: string, change: Partial<Attachment>) => {
    setList((now) => now.map((entry) => (entry.key === key ? { ...entry, ...change } : entry)));
  }, []);
  const add = useCallback(
    (sessionId: string, files: Iterable<File>) => {
      for (const file of files) {
        const key = `file-${++counter}`;
        const abort = new AbortController();
        const entry = { key, name: file.name, sizeBytes: file.size, progress: 0, error: null, file: null };
        setList((now) => [...now, { ...entry, cancel: () => abort.abort() }]);
        client
          .upload(sessionId, file, (progress) => patch(key, { progress }), abort.signal)
          .then(
            (done) => {
              const shared = {
                file_id: done.fileId,
                name: done.name,
                size_bytes: done.sizeBytes,
                media_type: done.mediaType,
              };
              rememberFile(shared);
              patch(key, { progress: 1, file: shared });
            },
            (error: Error) => {
              if (error.name !== "AbortError")
                patch(key, { error: error.message === "unreachable" ? unreachable : error.message });
            },
          );
      }
    },
    [client, patch, unreachable],
  );
  const remove = useCallback((key: string) => {
    setList((now) => {
      now.find((entry) => entry.key === key)?.cancel();
      return now.filter((entry) => entry.key !== key);
    });
  }, []);
  const clear = useCallback(() => setList([]), []);
  return { list, add, remove, clear };
}

const kept = 100;

/** A replay knows only the ids of attached files; their names are kept in this browser. */
function rememberFile(file: SharedFile): void {
  const files = [file, ...rememberedFiles().filter((other) => other.file_id !== file.file_id)];
  keep("files", JSON.stringify(files.slice(0, kept)));
}

function rememberedFiles(): SharedFile[] {
  try {
    return JSON.parse(readKept("files") ?? "[]") as SharedFile[];
  } catch {
    return [];
  }
}

export function knownFile(file: SharedFile): SharedFile {
  if (file.name) return file;
  return rememberedFiles().find((other) => other.file_id === file.file_id) ?? { ...file, name: file.file_id };
}
