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
