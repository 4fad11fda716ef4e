import { EventType } from "@ag-ui/core";
import { describe, expect, it } from "vitest";
import { addUserMessage, currentLeg, emptyThread, isOpen, reduce, truncateAt } from "../src/agui/thread";
import { activity, approvalContent, event, finished, play, roundContent, started } from "./events";

const text = (id: string, ...deltas: string[]) => [
  event(EventType.TEXT_MESSAGE_START, { messageId: id, role: "assistant" }),
  ...deltas.map((delta) => event(EventType.TEXT_MESSAGE_CONTENT, { messageId: id, delta })),
  event(EventType.TEXT_MESSAGE_END, { messageId: id }),
];

describe("a conversation's state", () => {
  it("shows the user's message of RUN_STARTED once, also when the page showed it before", () => {
    const before = addUserMessage(emptyThread, "m-r1", "hello", []);
    const thread = play([started("r1", "hello"), finished()], before);
    expect(thread.items).toEqual([{ kind: "user", id: "m-r1", run: "r1", text: "hello", files: [] }]);
  });

  it("joins the deltas of a streamed answer and knows when it ends", () => {
    const [open, first, second, end] = text("a", "Hal", "lo");
    const streaming = play([started("r1", "hi"), open!, first!, second!]);
    expect(streaming.items[1]).toMatchObject({ text: "Hallo", streaming: true });
    expect(reduce(streaming, end!).items[1]).toMatchObject({ streaming: false });
  });

  it("replaces a round's content at its place", () => {
    const thread = play([
      started("r1", "hi"),
      activity("sanca-round", "round-run-1-1", roundContent),
      ...text("a", "done"),
      activity("sanca-round", "round-run-1-1", { ...roundContent, status: "ok" }),
    ]);
    expect(thread.items.map((item) => item.kind)).toEqual(["user", "round", "assistant"]);
    expect(thread.items[1]).toMatchObject({ content: { status: "ok" } });
    expect(currentLeg(thread)).toMatchObject({ engineRun: "run-1", traceId: "0af7651916cd43dd8448eb211c80319c" });
  });

  it("keeps a chart like a file, with what is to be seen", () => {
    const content = { file_id: "f1", name: "chart-1-1.png", title: "Latency", description: "one line" };
    const thread = play([started("r1", "hi"), activity("sanca-image", "image-f1", content)]);
    expect(thread.items.at(-1)).toEqual({ kind: "image", id: "image-f1", run: "r1", content });
  });

  it("keeps interrupts until the next run starts", () => {
    const interrupts = [{ id: "call-1", reason: "approval", metadata: { runId: "run-1" } }];
    const asked = play([
      started("r1", "hi"),
      activity("sanca-approval", "approval-call-1", approvalContent),
      finished({ outcome: { type: "interrupt", interrupts } }),
    ]);
    expect(asked.interrupts).toHaveLength(1);
    expect(isOpen(asked)).toBe(false);
    expect(currentLeg(asked)).toMatchObject({ ending: "interrupt", engineRun: "run-1" });
    expect(reduce(asked, started("r2")).interrupts).toEqual([]);
  });

  it("is open after RUN_STARTED and closed after each kind of end", () => {
    const open = play([started("r1", "hi")]);
    expect(isOpen(open)).toBe(true);
    for (const end of [
      finished(),
      finished({ outcome: { type: "cancelled" } }),
      event(EventType.RUN_ERROR, { message: "x" }),
    ]) {
      expect(isOpen(reduce(open, end))).toBe(false);
    }
  });

  it("turns RUN_ERROR into an entry with its code, also when no run was open", () => {
    const cut = play([
      started("r1", "hi"),
      event(EventType.RUN_ERROR, { message: "It stopped.", code: "interrupted" }),
    ]);
    expect(cut.items.at(-1)).toMatchObject({ kind: "error", message: "It stopped.", code: "interrupted" });
    const alone = play([event(EventType.RUN_ERROR, { message: "Gone.", code: "engine_lost" })]);
    expect(currentLeg(alone)).toMatchObject({ ending: "error", errorCode: "engine_lost" });
  });

  it("stops every streaming entry when the run ends without closing it", () => {
    const thread = play([
      started("r1", "hi"),
      event(EventType.TEXT_MESSAGE_START, { messageId: "a", role: "assistant" }),
      event(EventType.RUN_ERROR, { message: "cut" }),
    ]);
    expect(thread.items[1]).toMatchObject({ kind: "assistant", streaming: false });
  });

  it("leaves out what an edited message replaced, live and in a replay", () => {
    const first = [started("r1", "old"), ...text("a", "old answer"), finished()];
    const replayed = play([...first, started("r2", "new", { replacesMessageId: "m-r1" })]);
    expect(replayed.items.map((item) => item.id)).toEqual(["m-r2"]);
    expect(truncateAt(play(first), "m-r1").items).toEqual([]);
    expect(truncateAt(play(first), "nowhere").items).toHaveLength(2);
  });

  it("counts rounds by their first zone and times zones", () => {
    const zone = (type: EventType, stepName: string, timestamp: number) => event(type, { stepName, timestamp });
    const thread = play([
      started("r1", "hi"),
      zone(EventType.STEP_STARTED, "perception", 1000),
      zone(EventType.STEP_FINISHED, "perception", 1100),
      zone(EventType.STEP_STARTED, "motor", 1100),
      zone(EventType.STEP_FINISHED, "motor", 1900),
      zone(EventType.STEP_STARTED, "perception", 1900),
    ]);
    expect(thread.spans.map(({ round, name, end }) => [round, name, end])).toEqual([
      [1, "perception", 1100],
      [1, "motor", 1900],
      [2, "perception", null],
    ]);
  });

  it("goes on counting rounds after an answer, and knows the run it belongs to", () => {
    const zone = (stepName: string) => event(EventType.STEP_STARTED, { stepName, timestamp: 1 });
    const asked = [
      started("r1", "hi"),
      zone("perception"),
      zone("motor"),
      zone("perception"),
      zone("motor"),
      activity("sanca-round", "round-run-1-2", { ...roundContent, round: 2 }),
      finished({ outcome: { type: "interrupt", interrupts: [{ id: "c", reason: "approval" }] } }),
    ];
    const answered = play([...asked, started("r2"), zone("motor"), zone("perception")]);
    expect(answered.spans.map((span) => span.round)).toEqual([1, 1, 2, 2, 2, 3]);
    expect(currentLeg(answered)!.engineRun).toBe("run-1");
    expect(
      play([started("r3", "again"), zone("perception")], play([...asked, started("r2"), finished()])).spans.at(-1)!
        .round,
    ).toBe(1);
  });

  it("shows nothing twice: state and tool calls are for clients that do not know our activities", () => {
    const before = play([started("r-1", "look"), activity("sanca-round", "round-1", roundContent)]);
    const after = play(
      [
        event(EventType.STATE_SNAPSHOT, { snapshot: { run: { id: "run-1", status: "running" } } }),
        event(EventType.TOOL_CALL_START, { toolCallId: "c-1", toolCallName: "system.services" }),
        event(EventType.TOOL_CALL_ARGS, { toolCallId: "c-1", delta: "{}" }),
        event(EventType.TOOL_CALL_END, { toolCallId: "c-1" }),
        event(EventType.TOOL_CALL_RESULT, { messageId: "result-c-1", toolCallId: "c-1", content: "3 items" }),
        event(EventType.STATE_DELTA, { delta: [{ op: "replace", path: "/run/status", value: "done" }] }),
      ],
      before,
    );
    expect(after).toEqual({ ...before, events: before.events + 6 });
  });

  it("collects usage and choices, and ignores what it does not know", () => {
    const thread = play([
      started("r1", "hi"),
      event(EventType.CUSTOM, { name: "sanca.usage", value: { run_id: "run-1", round: 1, input_tokens: 5 } }),
      event(EventType.CUSTOM, { name: "sanca.choices", value: { skills: [] } }),
      event(EventType.CUSTOM, { name: "of.others", value: {} }),
      activity("of-others", "x", {}),
      event(EventType.STATE_SNAPSHOT, { snapshot: {} }),
    ]);
    expect(thread.usage).toHaveLength(1);
    expect(thread.items.map((item) => item.kind)).toEqual(["user", "choices"]);
    expect(thread.events).toBe(6);
  });
});
