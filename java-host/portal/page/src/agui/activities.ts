// The contents of our activities and custom events (docs/reference/contracts.md, section 5).
import type { MemoryLayer } from "../api/types";

export type CallStatus = "running" | "waiting" | "ok" | "failed" | "denied" | "cancelled" | "unknown";
export type Effect = "READ" | "WRITE" | "DESTRUCTIVE";
export type RoundStatus =
  | "planning"
  | "running"
  | "waiting"
  | "ok"
  | "error"
  | "timeout"
  | "limit"
  | "killed"
  | "refused"
  | "cancelled"
  | "interrupted";

export interface Call {
  call_id: string;
  toolkit: string;
  tool: string;
  arguments: Record<string, unknown> | null;
  effect: Effect;
  status: CallStatus;
  seconds: number | null;
  summary: string | null;
  /** When it was asked for, in milliseconds since 1970. */
  at?: number;
}

export interface Skill {
  name: string;
  title: string;
  score: number | null;
  why: string | null;
  parameters: Record<string, unknown> | null;
}

export interface Usage {
  model?: string;
  input_tokens?: number;
  output_tokens?: number;
  cost?: number;
  currency?: string;
}

export interface Round {
  run_id: string;
  round: number;
  /** none: not decided yet, or nothing known fits. */
  strategy: "experience" | "model" | "person" | "dialogue" | "summary" | "none";
  sub_goal: string | null;
  sub_goal_id?: string;
  query_strategy?: QueryStrategy;
  query_reason?: string;
  skill: Skill | null;
  code: string | null;
  status: RoundStatus;
  observation: string | null;
  value: unknown;
  error: string | null;
  seconds: number | null;
  calls: Call[];
  calls_total: number;
  usage: Usage | Usage[] | null;
  self_check?: SelfCheck | null;
  /** What of memory went into it, the best first. */
  recalled?: Recalled[] | null;
  /** What is spent of each budget since the last human message, in [0, 1]. */
  budget?: Partial<Record<BudgetName, number>>;
}

export type QueryStrategy = "" | "single_tool" | "sequence" | "composition" | "workflow" | "synthesis";
export type BudgetName = "rounds" | "calls" | "tokens" | "money" | "seconds";

/** A record of memory that a round was given. */
export interface Recalled {
  layer: MemoryLayer;
  id: string;
  session_id: string;
  /** How an answer names it. */
  citation: string;
}

/** What self-check found in a claim. */
export interface SelfCheck {
  verdict: string;
  reasons?: string[];
  verified?: string[];
  unverified?: string[];
}

export type GoalStatus = "open" | "active" | "done" | "abandoned";

export interface SubGoal {
  id: string;
  title: string;
  status: GoalStatus;
  reason: string;
  /** With a slash the id of a call, else the name of data or of a file. */
  evidence: string[];
  depends_on: string[];
  rounds: number[];
}

export interface Goals {
  run_id: string;
  goal: string;
  planned: "model" | "thought" | "rules" | "restored" | "";
  sub_goals: SubGoal[];
}

/** The calls an answer rests on. */
export interface Evidence {
  calls?: { call_id: string; name: string; about: string; effect: Effect }[];
  more?: number;
}

export type ApprovalState = "asked" | "approved" | "denied" | "cancelled";

export interface Approval {
  call_id: string;
  run_id: string;
  toolkit: string;
  tool: string;
  arguments: Record<string, unknown> | null;
  arguments_json: string | null;
  effect: Effect;
  description: string | null;
  undo: string | null;
  state: ApprovalState;
  answered_by: string | null;
  reason: string | null;
  kind: "approval" | "form" | "question";
  card: unknown[] | { a2ui_operations: unknown[] } | null;
}

export interface SharedFile {
  file_id: string;
  name: string;
  size_bytes: number;
  media_type: string;
}

/** A chart an action drew; kept like a file. */
export interface SharedImage extends SharedFile {
  title: string;
  /** What is to be seen, in words: axes, lines and their ranges. */
  description: string;
}

export interface Notice {
  level: "info" | "warning" | "error";
  text: string;
  code?: string | null;
}

export interface RunUsage extends Usage {
  run_id: string;
  round: number;
}

export interface Choices {
  skills: { name: string; title: string; example: string }[];
  how_to_set_a_model?: string | null;
}

/** What RUN_FINISHED.result holds. */
export interface RunResult {
  run_id?: string;
  status?: string;
  seconds?: number;
  rounds?: number;
  calls?: number;
  skill?: string | null;
  evidence?: Evidence | null;
}
