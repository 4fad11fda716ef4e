// AG-UI events as the engine sends them, in short.
import { EventType, type BaseEvent } from "@ag-ui/core";
import { emptyThread, reduce, type Thread } from "../src/agui/thread";

export const event = (type: EventType, rest: Record<string, unknown> = {}): BaseEvent =>
  ({ type, ...rest }) as BaseEvent;

export const started = (runId: string, text?: string, forwardedProps: Record<string, unknown> = {}): BaseEvent =>
  event(EventType.RUN_STARTED, {
    threadId: "s-1",
    runId,
    timestamp: 1000,
    metadata: { trace_id: "0af7651916cd43dd8448eb211c80319c" },
    input: {
      threadId: "s-1",
      runId,
      messages: text === undefined ? [] : [{ id: `m-${runId}`, role: "user", content: text }],
      forwardedProps,
    },
  });

export const finished = (rest: Record<string, unknown> = {}): BaseEvent =>
  event(EventType.RUN_FINISHED, {
    threadId: "s-1",
    runId: "r",
    outcome: { type: "success" },
    timestamp: 3000,
    ...rest,
  });

export const activity = (activityType: string, messageId: string, content: unknown): BaseEvent =>
  event(EventType.ACTIVITY_SNAPSHOT, { activityType, messageId, content, replace: true });

export const roundContent = {
  run_id: "run-1",
  round: 1,
  strategy: "experience",
  sub_goal: "Find the cause",
  skill: {
    name: "why-slow",
    title: "Find why a service is slow",
    score: 0.87,
    why: "same meaning",
    parameters: { service: "checkout" },
  },
  code: "system.services()",
  status: "running",
  observation: null,
  value: null,
  error: null,
  seconds: null,
  calls: [],
  calls_total: 0,
  usage: null,
} as const;

export const approvalContent = {
  call_id: "call-1",
  run_id: "run-1",
  toolkit: "system",
  tool: "rollback",
  arguments: { service: "payment", release: "r11" },
  arguments_json: '{"service":"payment","release":"r11"}',
  effect: "WRITE",
  description: "Put payment back to r11.",
  undo: "Deploy r12 again.",
  state: "asked",
  answered_by: null,
  reason: null,
  kind: "approval",
  card: null,
} as const;

export const play = (events: BaseEvent[], from: Thread = emptyThread): Thread => events.reduce(reduce, from);
