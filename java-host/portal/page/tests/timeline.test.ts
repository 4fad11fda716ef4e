import { EventType } from "@ag-ui/core";
import { expect, it } from "vitest";
import { runsOf, timelineOf } from "../src/chat/timeline";
import { activity, event, finished, play, roundContent, started } from "./events";

const call = {
  call_id: "c1",
  toolkit: "system",
  tool: "logs",
  arguments: {},
  effect: "READ",
  status: "ok",
  summary: null,
};

const legs = [
  started("r1", "hi"),
  event(EventType.STEP_STARTED, { stepName: "perception", timestamp: 1000 }),
  event(EventType.STEP_FINISHED, { stepName: "perception", timestamp: 1200 }),
  event(EventType.STEP_STARTED, { stepName: "motor", timestamp: 1200 }),
  event(EventType.STEP_FINISHED, { stepName: "motor", timestamp: 2000 }),
  activity("sanca-round", "round-run-1-1", {
    ...roundContent,
    status: "ok",
    seconds: 1,
    calls: [{ ...call, seconds: 0.5 }],
  }),
  event(EventType.CUSTOM, {
    name: "sanca.usage",
    value: { run_id: "run-1", round: 1, model: "m", input_tokens: 10, output_tokens: 2, cost: 0.01, currency: "CNY" },
  }),
  finished({ outcome: { type: "interrupt", interrupts: [{ id: "c1", reason: "approval" }] }, timestamp: 2000 }),
];

it("lays zones and calls on one axis, calls behind the zone that made them", () => {
  const { rounds, total, traceId } = timelineOf(play(legs), "run-1");
  expect(rounds[0]!.bars.map(({ label, start, seconds }) => [label, start, seconds])).toEqual([
    ["perception", 0, 0.2],
    ["motor", 0.2, 0.8],
    ["system.logs", 0.2, 0.5],
  ]);
  expect(total).toBeCloseTo(1);
  expect(traceId).toBe("0af7651916cd43dd8448eb211c80319c");
});

it("cuts the wait for an answer out of the axis", () => {
  const second = { ...started("r2"), timestamp: 900_000 };
  const thread = play([
    ...legs,
    second,
    activity("sanca-round", "round-run-1-1", { ...roundContent, status: "ok", seconds: 1, calls: [] }),
    event(EventType.STEP_STARTED, { stepName: "motor", timestamp: 900_000 }),
    event(EventType.STEP_FINISHED, { stepName: "motor", timestamp: 900_500 }),
  ]);
  const bars = timelineOf(thread, "run-1").rounds[0]!.bars;
  expect(bars.find((bar) => bar.start === 1)).toMatchObject({ label: "motor", seconds: 0.5 });
});

it("adds up tokens and cost, and lists runs with the latest first", () => {
  const thread = play([...legs, started("r2", "again"), finished({ result: { run_id: "run-2" } })]);
  expect(timelineOf(thread, "run-1").usage).toEqual({
    inputTokens: 10,
    outputTokens: 2,
    cost: 0.01,
    currency: "CNY",
    models: ["m"],
  });
  expect(runsOf(thread)).toEqual(["run-2", "run-1"]);
});
