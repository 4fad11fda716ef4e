// The state of one conversation as the page shows it, and the pure function from AG-UI events to it.
// Not here: where events come from (session.ts) and how they look (chat/).
import { EventType, type BaseEvent, type Interrupt, type Message } from "@ag-ui/core";
import type {
  Approval,
  Choices,
  Goals,
  Notice,
  Round,
  RunResult,
  RunUsage,
  SharedFile,
  SharedImage,
} from "./activities";

export type Item =
  | { kind: "user"; id: string; run: string; text: string; files: SharedFile[] }
  | { kind: "assistant"; id: string; run: string; text: string; streaming: boolean }
  | { kind: "reasoning"; id: string; run: string; text: string; streaming: boolean }
  | { kind: "goals"; id: string; run: string; content: Goals }
  | { kind: "round"; id: string; run: string; content: Round }
  | { kind: "approval"; id: string; run: string; content: Approval }
  | { kind: "surface"; id: string; run: string; operations: unknown[] }
  | { kind: "file"; id: string; run: string; content: SharedFile }
  | { kind: "image"; id: string; run: string; content: SharedImage }
  | { kind: "notice"; id: string; run: string; content: Notice }
  | { kind: "choices"; id: string; run: string; content: Choices }
  | { kind: "error"; id: string; run: string; message: string; code: string | null };

export type Ending = "success" | "interrupt" | "cancelled" | "error";

/** One AG-UI run; an engine run is shown as one or more of them. */
export interface Leg {
  id: string;
  engineRun: string | null;
  startedAt: number | null;
  endedAt: number | null;
  ending: Ending | null;
  result: RunResult | null;
  errorCode: string | null;
  traceId: string | null;
}

/** A zone of a round, from STEP_STARTED to STEP_FINISHED. */
export interface Span {
  run: string;
  round: number;
  name: string;
  start: number | null;
  end: number | null;
}

export interface Thread {
  items: Item[];
  legs: Leg[];
  spans: Span[];
  usage: RunUsage[];
  interrupts: Interrupt[];
  events: number;
}

export const emptyThread: Thread = { items: [], legs: [], spans: [], usage: [], interrupts: [], events: 0 };

type Loose = BaseEvent & Record<string, unknown>;

export function currentLeg(thread: Thread): Leg | undefined {
  return thread.legs.at(-1);
}

/** True between RUN_STARTED and the terminal event. */
export function isOpen(thread: Thread): boolean {
  const leg = currentLeg(thread);
  return leg !== undefined && leg.ending === null;
}

export function engineRunOf(thread: Thread, legId: string): string | null {
  return thread.legs.find((leg) => leg.id === legId)?.engineRun ?? null;
}

/** The text of a user's message, whose content is a string or a list of parts. */
export function textOf(content: Message["content"] | undefined): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** Applies one event. Unknown events change nothing but the count. */
export function reduce(thread: Thread, event: BaseEvent): Thread {
  const handler = handlers[event.type as EventType];
  const next = handler ? handler(thread, event as Loose) : thread;
  return { ...next, events: thread.events + 1 };
}

/** Leaves out the message with this id and all after it (edit and resend). */
export function truncateAt(thread: Thread, messageId: string): Thread {
  const index = thread.items.findIndex((item) => item.id === messageId);
  return index < 0 ? thread : { ...thread, items: thread.items.slice(0, index), interrupts: [] };
}

/** Shows a message before the server has confirmed it; RUN_STARTED with the same id then changes nothing. */
export function addUserMessage(thread: Thread, id: string, text: string, files: SharedFile[]): Thread {
  return upsert(thread, { kind: "user", id, run: "", text, files });
}

const handlers: Partial<Record<EventType, (thread: Thread, event: Loose) => Thread>> = {
  [EventType.RUN_STARTED]: startLeg,
  [EventType.RUN_FINISHED]: finishLeg,
  [EventType.RUN_ERROR]: failLeg,
  [EventType.STEP_STARTED]: startSpan,
  [EventType.STEP_FINISHED]: endSpan,
  [EventType.TEXT_MESSAGE_START]: (thread, event) =>
    event.role === "user"
      ? upsert(thread, { kind: "user", id: id(event), run: leg(thread), text: "", files: [] })
      : upsert(thread, { kind: "assistant", id: id(event), run: leg(thread), text: "", streaming: true }),
  [EventType.TEXT_MESSAGE_CONTENT]: appendText,
  [EventType.TEXT_MESSAGE_END]: endText,
  [EventType.REASONING_MESSAGE_START]: (thread, event) =>
    upsert(thread, { kind: "reasoning", id: `reasoning-${id(event)}`, run: leg(thread), text: "", streaming: true }),
  [EventType.REASONING_MESSAGE_CONTENT]: (thread, event) => appendText(thread, withId(event)),
  [EventType.REASONING_MESSAGE_END]: (thread, event) => endText(thread, withId(event)),
  [EventType.ACTIVITY_SNAPSHOT]: applyActivity,
  [EventType.CUSTOM]: applyCustom,
};

const id = (event: Loose): string => String(event.messageId);
const withId = (event: Loose): Loose => ({ ...event, messageId: `reasoning-${id(event)}` }) as Loose;
const leg = (thread: Thread): string => currentLeg(thread)?.id ?? "";
const time = (event: Loose): number | null => (typeof event.timestamp === "number" ? event.timestamp : null);

function upsert(thread: Thread, item: Item): Thread {
  const index = thread.items.findIndex((other) => other.id === item.id);
  if (index < 0) return { ...thread, items: [...thread.items, item] };
  const items = thread.items.slice();
  items[index] = { ...item, run: thread.items[index]!.run || item.run };
  return { ...thread, items };
}

function startLeg(thread: Thread, event: Loose): Thread {
  const input = event.input as { messages?: Message[]; forwardedProps?: Record<string, unknown> } | undefined;
  const replaced = input?.forwardedProps?.replacesMessageId;
  const metadata = event.metadata as { trace_id?: string } | undefined;
  const started = { ...newLeg(String(event.runId), time(event)), traceId: metadata?.trace_id ?? null };
  const fileIds = (input?.forwardedProps?.fileIds as string[] | undefined) ?? [];
  const files = fileIds.map((fileId) => ({ file_id: fileId, name: "", size_bytes: 0, media_type: "" }));
  let next = typeof replaced === "string" ? truncateAt(thread, replaced) : thread;
  const before = currentLeg(next);
  if (before?.ending === "interrupt") started.engineRun = before.engineRun;
  next = { ...next, legs: [...next.legs, started], interrupts: [] };
  for (const message of input?.messages ?? []) {
    if (message.role !== "user") continue;
    const known = next.items.find((item) => item.id === message.id);
    if (known?.kind === "user") {
      if (!known.run) next = upsert(next, { ...known, run: started.id });
    } else if (!known) {
      const text = textOf(message.content);
      if (!text && files.length === 0) continue;
      next = upsert(next, { kind: "user", id: message.id, run: started.id, text, files });
    }
  }
  return next;
}

function newLeg(legId: string, startedAt: number | null): Leg {
  return {
    id: legId,
    engineRun: null,
    startedAt,
    endedAt: null,
    ending: null,
    result: null,
    errorCode: null,
    traceId: null,
  };
}

function patchLeg(thread: Thread, change: Partial<Leg>): Thread {
  const last = currentLeg(thread);
  if (!last) return thread;
  return { ...thread, legs: [...thread.legs.slice(0, -1), { ...last, ...change }] };
}

function finishLeg(thread: Thread, event: Loose): Thread {
  const outcome = event.outcome as { type?: string; interrupts?: Interrupt[] } | undefined;
  const result = (event.result as RunResult | undefined) ?? null;
  const interrupts = outcome?.type === "interrupt" ? (outcome.interrupts ?? []) : [];
  const asked = interrupts[0]?.metadata as { runId?: string } | undefined;
  const ending: Ending =
    outcome?.type === "interrupt" ? "interrupt" : outcome?.type === "cancelled" ? "cancelled" : "success";
  const engineRun = result?.run_id ?? asked?.runId ?? currentLeg(thread)?.engineRun ?? null;
  const next = patchLeg(stopStreaming(thread), { ending, endedAt: time(event), result, engineRun });
  return { ...next, interrupts };
}

function failLeg(thread: Thread, event: Loose): Thread {
  const code = typeof event.code === "string" ? event.code : null;
  if (!isOpen(thread)) thread = { ...thread, legs: [...thread.legs, newLeg(`failed-${thread.legs.length}`, null)] };
  const error: Item = {
    kind: "error",
    id: `error-${leg(thread)}`,
    run: leg(thread),
    message: String(event.message ?? ""),
    code,
  };
  const ended = patchLeg(stopStreaming(thread), { ending: "error", endedAt: time(event), errorCode: code });
  return { ...upsert(ended, error), interrupts: [] };
}

function stopStreaming(thread: Thread): Thread {
  if (!thread.items.some((item) => "streaming" in item && item.streaming)) return thread;
  return {
    ...thread,
    items: thread.items.map((item) => ("streaming" in item && item.streaming ? { ...item, streaming: false } : item)),
  };
}

function appendText(thread: Thread, event: Loose): Thread {
  return patchItem(thread, id(event), (item) =>
    "text" in item ? { ...item, text: item.text + String(event.delta ?? "") } : item,
  );
}

function endText(thread: Thread, event: Loose): Thread {
  return patchItem(thread, id(event), (item) => ("streaming" in item ? { ...item, streaming: false } : item));
}

function patchItem(thread: Thread, itemId: string, change: (item: Item) => Item): Thread {
  const index = thread.items.findLastIndex((item) => item.id === itemId);
  if (index < 0) return thread;
  const items = thread.items.slice();
  items[index] = change(items[index]!);
  return { ...thread, items };
}

/** Whether the AG-UI run under way goes on with the engine run of the one before, which ended to ask something. */
function goesOn(thread: Thread): boolean {
  return thread.legs.at(-2)?.ending === "interrupt";
}

function startSpan(thread: Thread, event: Loose): Thread {
  const name = String(event.stepName);
  const here = thread.spans.findLast((span) => span.run === leg(thread));
  const previous = here ?? (goesOn(thread) ? thread.spans.at(-1) : undefined);
  const round = (previous?.round ?? 0) + (name === "perception" || !previous ? 1 : 0);
  const span: Span = { run: leg(thread), round, name, start: time(event), end: null };
  return { ...thread, spans: [...thread.spans, span] };
}

function endSpan(thread: Thread, event: Loose): Thread {
  const index = thread.spans.findLastIndex((span) => span.name === event.stepName && span.end === null);
  if (index < 0) return thread;
  const spans = thread.spans.slice();
  spans[index] = { ...spans[index]!, end: time(event) };
  return { ...thread, spans };
}

function applyActivity(thread: Thread, event: Loose): Thread {
  const content = event.content as Record<string, unknown>;
  const common = { id: id(event), run: leg(thread) };
  const engineRun = typeof content.run_id === "string" ? content.run_id : null;
  const next = engineRun && currentLeg(thread)?.engineRun !== engineRun ? patchLeg(thread, { engineRun }) : thread;
  switch (event.activityType) {
    case "sanca-round":
      return upsert(next, { ...common, kind: "round", content: content as unknown as Round });
    case "sanca-goals":
      return upsert(next, { ...common, kind: "goals", content: content as unknown as Goals });
    case "sanca-message":
      return upsert(next, { ...common, kind: "assistant", text: String(content.text ?? ""), streaming: false });
    case "sanca-approval":
      return upsert(next, { ...common, kind: "approval", content: content as unknown as Approval });
    case "a2ui-surface":
      return upsert(next, { ...common, kind: "surface", operations: (content.a2ui_operations as unknown[]) ?? [] });
    case "sanca-file":
      return upsert(next, { ...common, kind: "file", content: content as unknown as SharedFile });
    case "sanca-image":
      return upsert(next, { ...common, kind: "image", content: content as unknown as SharedImage });
    case "sanca-notice":
      return upsert(next, { ...common, kind: "notice", content: content as unknown as Notice });
    default:
      return next;
  }
}

function applyCustom(thread: Thread, event: Loose): Thread {
  if (event.name === "sanca.usage") {
    return { ...thread, usage: [...thread.usage, event.value as RunUsage] };
  }
  if (event.name === "sanca.choices") {
    const content = event.value as Choices;
    return upsert(thread, { kind: "choices", id: `choices-${leg(thread)}`, run: leg(thread), content });
  }
  return thread;
}

/** The Python of a message that is a person's own action, null of any other: the engine shows an action as one block. */
export function actionOf(text: string): string | null {
  return /^```python\n([\s\S]*)\n```$/.exec(text)?.[1] ?? null;
}
