// Adding documents to what everybody here knows: drop or choose; progress, and what was found odd about each.
import { CircleAlert, CircleCheck, FileUp, TriangleAlert, X } from "lucide-react";
import { useEffect, useRef, useState, type ChangeEvent, type DragEvent } from "react";
import type { AddedDocument } from "../api/types";
import { may, useHost } from "../app/host";
import { useI18n } from "../i18n/context";
import { IconButton } from "../ui/controls";

interface Upload {
  id: number;
  name: string;
  part: number;
  added?: AddedDocument;
  error?: string;
  stop: AbortController;
}

const atOnce = 2;

function useUploads(onAdded: () => void) {
  const { client } = useHost();
  const [uploads, setUploads] = useState<Upload[]>([]);
  const last = useRef(0);
  const waiting = useRef<(() => Promise<void>)[]>([]);
  const running = useRef(0);
  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => void (alive.current = false);
  }, []);
  const change = (id: number, part: Partial<Upload>): void =>
    setUploads((known) => known.map((one) => (one.id === id ? { ...one, ...part } : one)));
  const next = (): void => {
    while (running.current < atOnce && waiting.current.length > 0) {
      const start = waiting.current.shift()!;
      running.current += 1;
      void start().finally(() => {
        running.current -= 1;
        next();
      });
    }
  };
  const add = (files: File[]): void => {
    const fresh = files.map((file) => ({ file, id: ++last.current, stop: new AbortController() }));
    setUploads((known) => [...fresh.map(({ file, id, stop }) => ({ id, name: file.name, part: 0, stop })), ...known]);
    for (const { file, id, stop } of fresh) {
      waiting.current.push(async () => {
        if (stop.signal.aborted) return;
        try {
          const added = await client.addDocument(file, (part) => change(id, { part }), stop.signal);
          change(id, { added, part: 1 });
          if (alive.current) onAdded();
        } catch (cause) {
          if ((cause as Error).name !== "AbortError") change(id, { error: (cause as Error).message });
        }
      });
    }
    next();
  };
  const remove = (upload: Upload): void => {
    upload.stop.abort();
    setUploads((known) => known.filter((one) => one.id !== upload.id));
  };
  return { uploads, add, remove };
}

export function Documents({ onAdded }: { onAdded: () => void }) {
  const { t } = useI18n();
  const host = useHost();
  const { uploads, add, remove } = useUploads(onAdded);
  const [over, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  if (!may(host, "knowledge:write")) return <p className="notice info">{t("memoryUploadNoRight")}</p>;
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    add([...event.dataTransfer.files]);
  };
  const choose = (event: ChangeEvent<HTMLInputElement>): void => {
    add([...(event.target.files ?? [])]);
    event.target.value = "";
  };
  return (
    <section className="memory-section" aria-label={t("memoryUpload")}>
      <div
        className={`drop-zone ${over ? "over" : ""}`}
        data-testid="drop-zone"
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <FileUp size={20} aria-hidden />
        <p>
          {over ? t("memoryUploadDrop") : t("memoryUploadText")}{" "}
          <button type="button" className="link" onClick={() => chooser.current?.click()}>
            {t("memoryUploadChoose")}
          </button>
        </p>
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          aria-label={t("memoryUpload")}
          data-testid="document-input"
          onChange={choose}
        />
      </div>
      {uploads.length > 0 && (
        <ul className="uploads" aria-live="polite">
          {uploads.map((upload) => (
            <UploadRow key={upload.id} upload={upload} onRemove={() => remove(upload)} />
          ))}
        </ul>
      )}
    </section>
  );
}

function UploadRow({ upload, onRemove }: { upload: Upload; onRemove: () => void }) {
  const { t, number, percent } = useI18n();
  const { added, error } = upload;
  const pieces = added?.pieces === 1 ? t("memoryAddedOne") : t("memoryAdded", { count: number(added?.pieces ?? 0) });
  const state = error ? "failed" : added ? "added" : "sending";
  return (
    <li className="upload" data-testid="upload" data-state={state}>
      <div className="upload-line">
        {state === "failed" && <CircleAlert size={15} aria-hidden className="tone-bad" />}
        {state === "added" && <CircleCheck size={15} aria-hidden className="tone-ok" />}
        <b className="file-name">{upload.name}</b>
        <span className="tone-muted num">
          {added ? (added.unchanged ? t("memoryUnchanged") : pieces) : !error && percent(upload.part)}
        </span>
        <IconButton small icon={X} label={t("removeFile", { name: upload.name })} onClick={onRemove} />
      </div>
      {state === "sending" && <progress value={upload.part} max={1} aria-label={upload.name} />}
      {error && (
        <p className="tone-bad" role="alert">
          {error === "unreachable" ? t("unreachable") : error}
        </p>
      )}
      {added?.remarks.map((remark) => (
        <p key={remark} className="upload-remark" data-testid="upload-remark">
          <TriangleAlert size={13} aria-hidden /> {remark}
        </p>
      ))}
    </li>
  );
}
