// What the host's HTTP interface returns (docs/reference/contracts.md, section 6).

export interface Me {
  user: string;
  displayName: string;
  rights: string[];
  tenant: string;
}

export interface Session {
  sessionId: string;
  title: string;
  createdAt: string;
  updatedAt: string;
  liveRunId: string | null;
}

export interface Service {
  name: string;
  status: "up" | "degraded" | "down";
  release: string;
  pid: number | null;
  port: number;
  dependsOn: string[];
  uptimeSeconds: number;
  requestsPerSecond: number;
  errorRate: number;
  latencyP95Ms: number;
}

export interface Fault {
  id: string;
  kind: string;
  injectedAt: string;
  description: string;
  repaired?: boolean;
}

export interface Fleet {
  services: Service[];
  faults: Fault[];
}

export interface FaultCheck {
  repaired: boolean;
  details: unknown;
}

export type Metrics = Record<string, { time: string; value: number }[]>;

export interface UploadedFile {
  fileId: string;
  name: string;
  sizeBytes: number;
  mediaType: string;
}

export type MemoryLayer = "message" | "summary" | "knowledge" | "experience" | "preference";

export interface MemoryReason {
  kind: string;
  detail: string;
  /** Its part of the score, 0 to 1. */
  share: number;
}

/** What names a thing remembered. */
export interface MemoryKey {
  layer: MemoryLayer;
  id: string;
  sessionId: string;
  wholeTenant: boolean;
}

export interface MemoryItem extends MemoryKey {
  title: string;
  text: string;
  speaker: string;
  time: string;
  source: string;
  document: string;
  citation: string;
  validUntil: string;
  data: Record<string, unknown>;
  revision: number;
  updatedAt: string;
  score: number;
  reasons: MemoryReason[];
  canEdit: boolean;
  canForget: boolean;
}

export interface MemoryQuery {
  query?: string;
  layers?: MemoryLayer[];
  sessionId?: string;
  document?: string;
  ids?: string[];
  limit?: number;
  after?: string;
}

export interface MemoryFound {
  items: MemoryItem[];
  next: string;
  counts: { layer: MemoryLayer; records: number }[];
  store: string;
  notice: string;
}

/** Revision 0 adds a preference. */
export interface MemoryChange extends MemoryKey {
  revision: number;
  text: string;
  title?: string;
  data?: Record<string, unknown>;
}

export interface AddedDocument {
  document: string;
  pieces: number;
  unchanged: boolean;
  remarks: string[];
}

export interface ModelSettings {
  role: string;
  kind: string;
  model: string;
  baseUrl: string;
  hasKey?: boolean;
  source?: string;
}

export interface EngineStatus {
  engine: string;
  message: string;
  details: {
    status: string;
    version: string;
    sandboxLevel: string;
    sandboxDetail?: string;
    gateway: string;
    gatewayDetail: string;
    store: string;
    runsLive: number;
  } | null;
}

export interface OpenApi {
  paths: Record<
    string,
    Record<string, { summary?: string; description?: string; tags?: string[]; operationId?: string }>
  >;
}

export interface ModelChange {
  role: string;
  kind: string;
  model: string;
  baseUrl: string;
  apiKey: string;
}

export interface ModelTest {
  ok: boolean;
  message: string;
  seconds: number;
}

export interface SkillInfo {
  name: string;
  titleEn: string;
  titleZh: string;
  exampleEn: string;
  exampleZh: string;
}

export interface ToolInfo {
  name: string;
  description: string;
  effect: "READ" | "WRITE" | "DESTRUCTIVE";
  right?: string | null;
}

export interface Toolkits {
  toolkits: { name: string; description: string; tools: ToolInfo[] }[];
}
