// The page's one way to the host: same cookies, CSRF header, errors as one sentence.
import type { PageReply } from "../commands/pageCommands";
import type {
  AddedDocument,
  EngineStatus,
  Fault,
  FaultCheck,
  Fleet,
  Me,
  MemoryChange,
  MemoryFound,
  MemoryItem,
  MemoryKey,
  MemoryQuery,
  Metrics,
  ModelChange,
  ModelSettings,
  ModelTest,
  OpenApi,
  Session,
  SkillInfo,
  Toolkits,
  UploadedFile,
} from "./types";

/** The host said no, or could not be reached (status 0). The message is fit to be shown. */
export class HostError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "HostError";
    this.status = status;
  }
}

const writes = new Set(["POST", "PUT", "PATCH", "DELETE"]);

function csrfToken(): string | null {
  const found = document.cookie.split("; ").find((part) => part.startsWith("XSRF-TOKEN="));
  return found ? decodeURIComponent(found.slice("XSRF-TOKEN=".length)) : null;
}

/** The sentence in an error's body: RFC 9457 `detail`, or `message`, `error`, or plain text. */
export function sentenceOf(status: number, body: string): string {
  try {
    const parsed = JSON.parse(body) as Record<string, unknown>;
    for (const key of ["detail", "message", "title", "error"]) {
      const text = parsed[key];
      if (typeof text === "string" && text) return text;
    }
  } catch {
    const text = body.trim();
    if (text && text.length < 300 && !text.startsWith("<")) return text;
  }
  return `HTTP ${status}`;
}

export class HostClient {
  readonly base: string;

  constructor(base = "") {
    this.base = base.replace(/\/+$/, "");
  }

  /** fetch with the session's cookie and, for writes, the CSRF header. */
  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (writes.has((init.method ?? "GET").toUpperCase())) {
      const token = csrfToken();
      if (token) headers.set("X-XSRF-TOKEN", token);
    }
    return fetch(url, { ...init, headers, credentials: this.base ? "include" : "same-origin" });
  };

  private async send(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await this.fetch(this.base + path, init);
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
      throw new HostError(0, "unreachable");
    }
    if (!response.ok) throw new HostError(response.status, sentenceOf(response.status, await response.text()));
    return response;
  }

  private async get<T>(path: string): Promise<T> {
    const response = await this.send(path, { headers: { Accept: "application/json" } });
    return (await response.json()) as T;
  }

  private async write<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.send(path, {
      method,
      headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return (text ? JSON.parse(text) : undefined) as T;
  }

  me = (): Promise<Me> => this.get("/api/me");
  /** The same from the agent's host: inside another portal there is no /api/me. */
  identity = (): Promise<Me> => this.get("/api/sanca/me");

  async signIn(username: string, password: string): Promise<void> {
    const body = new URLSearchParams({ username, password });
    const response = await this.send("/login", { method: "POST", body });
    if (new URL(response.url, location.href).search.includes("error")) throw new HostError(401, "");
  }

  signOut = (): Promise<void> => this.write("POST", "/logout");

  sessions = async (): Promise<Session[]> => listIn(await this.get("/api/sanca/sessions"), "sessions");
  renameSession = (id: string, title: string): Promise<void> =>
    this.write("PATCH", `/api/sanca/sessions/${encodeURIComponent(id)}`, { title });
  deleteSession = (id: string): Promise<void> => this.write("DELETE", `/api/sanca/sessions/${encodeURIComponent(id)}`);

  cancelRun = (id: string): Promise<void> => this.write("POST", `/api/sanca/runs/${encodeURIComponent(id)}/cancel`);
  feedback = (id: string, thumb: "up" | "down", comment = ""): Promise<void> =>
    this.write("POST", `/api/sanca/runs/${encodeURIComponent(id)}/feedback`, { thumb, comment });

  pageReply = (runId: string, reply: PageReply): Promise<void> =>
    this.write("POST", `/api/sanca/runs/${encodeURIComponent(runId)}/page`, reply);

  skills = async (): Promise<SkillInfo[]> => listIn(await this.get("/api/sanca/skills"), "skills");
  tools = (): Promise<Toolkits> => this.get("/api/sanca/tools");

  status = (): Promise<EngineStatus> => this.get("/api/sanca/status");
  openApi = (): Promise<OpenApi> => this.get("/v3/api-docs");

  models = async (): Promise<ModelSettings[]> => listIn(await this.get("/api/sanca/models"), "models");
  setModel = (change: ModelChange): Promise<void> => this.write("PUT", "/api/sanca/models", change);
  removeModel = (role: string): Promise<void> => this.write("DELETE", `/api/sanca/models/${encodeURIComponent(role)}`);
  testModel = (change: ModelChange): Promise<ModelTest> => this.write("POST", "/api/sanca/models/test", change);

  run = (id: string): Promise<{ sessionId: string }> => this.get(`/api/sanca/runs/${encodeURIComponent(id)}`);

  searchMemory = (query: MemoryQuery): Promise<MemoryFound> => this.write("POST", "/api/sanca/memory/search", query);
  editMemory = (change: MemoryChange): Promise<MemoryItem> => this.write("PUT", "/api/sanca/memory", change);
  forgetMemory = (items: MemoryKey[]): Promise<{ forgotten: number }> =>
    this.write("POST", "/api/sanca/memory/forget", { items });
  forgetDocument = (document: string): Promise<{ forgotten: number }> =>
    this.write("POST", "/api/sanca/memory/forget", { document });
  forgetEverything = (): Promise<{ forgotten: number }> =>
    this.write("POST", "/api/sanca/memory/forget", { everything: true });
  memoryExportUrl = (): string => `${this.base}/api/sanca/memory/export`;
  addDocument = (file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<AddedDocument> =>
    this.sendFile("/api/sanca/memory/documents", file, onProgress, signal);

  fleet = (): Promise<Fleet> => this.get("/api/fleet");
  metrics = (service: string, names: string, minutes: number): Promise<Metrics> =>
    this.get(`/api/fleet/${encodeURIComponent(service)}/metrics?names=${names}&minutes=${minutes}`);
  injectFaults = (body: { kind?: string; seed?: number; count?: number }): Promise<Fault[]> =>
    this.write("POST", "/api/fleet/faults", body);
  checkFault = (id: string): Promise<FaultCheck> =>
    this.write("POST", `/api/fleet/faults/${encodeURIComponent(id)}/check`);
  resetFleet = (): Promise<void> => this.write("POST", "/api/fleet/reset");

  fileUrl = (fileId: string): string => `${this.base}/api/sanca/files/${encodeURIComponent(fileId)}`;

  upload = (
    sessionId: string,
    file: File,
    onProgress: (part: number) => void,
    signal: AbortSignal,
  ): Promise<UploadedFile> =>
    this.sendFile(`/api/sanca/sessions/${encodeURIComponent(sessionId)}/files`, file, onProgress, signal);

  /** Sends with progress, which fetch cannot tell. */
  private sendFile<T>(path: string, file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", this.base + path);
      request.withCredentials = this.base !== "";
      const token = csrfToken();
      if (token) request.setRequestHeader("X-XSRF-TOKEN", token);
      request.upload.onprogress = (event) => onProgress(event.total ? event.loaded / event.total : 0);
      request.onerror = () => reject(new HostError(0, "unreachable"));
      request.onabort = () => reject(new DOMException("aborted", "AbortError"));
      request.onload = () => {
        if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as T);
        else reject(new HostError(request.status, sentenceOf(request.status, request.responseText)));
      };
      signal.addEventListener("abort", () => request.abort());
      const form = new FormData();
      form.append("file", file);
      request.send(form);
    });
  }
}

/** Some lists come bare, some as the one field of an object. */
function listIn<T>(body: unknown, key: string): T[] {
  if (Array.isArray(body)) return body as T[];
  const inner = (body as Record<string, unknown> | null)?.[key];
  return Array.isArray(inner) ? (inner as T[]) : [];
}
