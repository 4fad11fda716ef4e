// From a conversation to the rows of a run's timeline. Waiting for a person between two legs is cut out of the axis.
import type { Call, Round, Usage } from "../agui/activities";
import type { Leg, Thread } from "../agui/thread";

export interface Bar {
  key: string;
  kind: "zone" | "call";
  label: string;
  start: number;
  seconds: number;
  status: string;
  changes?: boolean;
}

export interface TimelineRound {
  key: string;
  round: Round;
  bars: Bar[];
}

export interface Timeline {
  runId: string;
  traceId: string | null;
  startedAt: number | null;
  total: number;
  rounds: TimelineRound[];
  usage: { inputTokens: number; outputTokens: number; cost: number; currency: string; models: string[] };
}

/** The ids of the engine runs of a conversation, the latest first. */
export function runsOf(thread: Thread): string[] {
  const ids = thread.legs.map((leg) => leg.engineRun ?? leg.id);
  return [...new Set(ids)].toReversed();
}

export function timelineOf(thread: Thread, runId: string): Timeline {
  const legs = thread.legs.filter((leg) => (leg.engineRun ?? leg.id) === runId);
  const clock = activeClock(legs);
  const items = thread.items.flatMap((item) => (item.kind === "round" && item.content.run_id === runId ? [item] : []));
  let fallback = 0;
  const rounds = items.map((item) => {
    const round = item.content;
    const spans = thread.spans.filter((span) => span.round === round.round && legs.some((leg) => leg.id === span.run));
    const zones = spans.flatMap((span, index): Bar[] => {
      const start = clock(span.run, span.start);
      const end = clock(span.run, span.end);
      if (start === null) return [];
      const key = `${span.run}-${span.round}-${span.name}-${index}`;
      const seconds = Math.max(0, (end ?? start) - start);
      return [{ key, kind: "zone", label: span.name, start, seconds, status: end === null ? "running" : "ok" }];
    });
    const motor = zones.find((bar) => bar.label === "motor");
    const begin = motor?.start ?? zones[0]?.start ?? fallback;
    const calls = callBars(round.calls ?? [], begin, (at) => clockAt(legs, clock, at));
    const after = motor ? zones.indexOf(motor) + 1 : zones.length;
    const bars = [...zones.slice(0, after), ...calls, ...zones.slice(after)];
    // A round's own seconds hold its waiting for a person; they count only when nothing else tells.
    const ends = bars.map((bar) => bar.start + bar.seconds);
    fallback = ends.length > 0 ? Math.max(...ends) : begin + (round.seconds ?? 0);
    return { key: item.id, round, bars };
  });
  const ends = rounds.flatMap((entry) => entry.bars.map((bar) => bar.start + bar.seconds));
  const total = Math.max(0.001, fallback, ...ends);
  const first = legs[0];
  const traceId = legs.find((leg) => leg.traceId)?.traceId ?? null;
  return { runId, traceId, startedAt: first?.startedAt ?? null, total, rounds, usage: usageOf(thread, runId, rounds) };
}

type Clock = (legId: string, at: number | null) => number | null;

/** Seconds since the run's start, legs set one behind the other. */
function activeClock(legs: Leg[]): Clock {
  const offsets = new Map<string, { base: number; startedAt: number }>();
  let base = 0;
  for (const leg of legs) {
    if (leg.startedAt === null) continue;
    offsets.set(leg.id, { base, startedAt: leg.startedAt });
    base += leg.endedAt === null ? 0 : (leg.endedAt - leg.startedAt) / 1000;
  }
  return (legId, at) => {
    const offset = offsets.get(legId);
    return offset && at !== null ? offset.base + (at - offset.startedAt) / 1000 : null;
  };
}

/** The place of a moment on the axis: in the last leg that had begun by then. */
function clockAt(legs: Leg[], clock: Clock, at: number): number | null {
  const leg = legs.findLast((entry) => entry.startedAt !== null && entry.startedAt <= at) ?? legs[0];
  return leg ? clock(leg.id, Math.min(at, leg.endedAt ?? at)) : null;
}

/** Calls stand where they were asked for; those that do not say when are laid one behind the other. */
function callBars(calls: Call[], begin: number, clockOf: (at: number) => number | null): Bar[] {
  let next = begin;
  return calls.map((call) => {
    const seconds = call.seconds ?? 0;
    const start = Math.max(0, (call.at === undefined ? null : clockOf(call.at)) ?? next);
    next = start + seconds;
    return {
      key: call.call_id,
      kind: "call",
      label: `${call.toolkit}.${call.tool}`,
      start,
      seconds,
      status: call.status,
      changes: call.effect !== "READ",
    };
  });
}

function usageOf(thread: Thread, runId: string, rounds: TimelineRound[]): Timeline["usage"] {
  let entries: Usage[] = thread.usage.filter((entry) => entry.run_id === runId);
  if (entries.length === 0) entries = rounds.flatMap((entry) => entry.round.usage ?? []);
  return {
    inputTokens: sum(entries.map((entry) => entry.input_tokens)),
    outputTokens: sum(entries.map((entry) => entry.output_tokens)),
    cost: sum(entries.map((entry) => entry.cost)),
    currency: entries.find((entry) => entry.currency)?.currency ?? "USD",
    models: [...new Set(entries.flatMap((entry) => entry.model ?? []))],
  };
}

function sum(values: (number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
