// The conversation against the development fixture: real HTTP, real SSE, real AG-UI client.
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { startFixture, type Fixture } from "../dev/server.mjs";
import { ConversationSession } from "../src/agui/session";
import { HostClient } from "../src/api/client";

let fixture: Fixture;
const open: ConversationSession[] = [];

beforeAll(async () => {
  fixture = await startFixture({ pace: 0.05 });
});
afterAll(() => fixture.stop());
afterEach(() => {
  for (const session of open.splice(0)) session.close();
});

function conversation(id: string, onSignedOut = () => undefined): ConversationSession {
  const session = new ConversationSession(id, new HostClient(fixture.url), {
    language: () => "en",
    onSignedOut,
    onChanged: () => undefined,
    firstDelay: 20,
  });
  open.push(session);
  return session;
}

const kinds = (session: ConversationSession) => session.snapshot().thread.items.map((item) => item.kind);
const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 10 });

it("runs to the approval, answers it, and a second window replays the same", async () => {
  const session = conversation("s-approve");
  await session.send("Why is checkout slow?");
  const interrupt = session.snapshot().thread.interrupts[0]!;
  expect(interrupt.reason).toBe("approval");
  expect(session.snapshot().connection).toBe("idle");
  await session.answer(interrupt.id, { approved: true, reason: "go" });
  const thread = session.snapshot().thread;
  expect(thread.interrupts).toEqual([]);
  expect(thread.items.find((item) => item.kind === "approval")).toMatchObject({
    content: { state: "approved", answered_by: "operator", reason: "go" },
  });
  expect(kinds(session)).toContain("file");

  const second = conversation("s-approve");
  await second.connect();
  expect(second.snapshot().thread.items).toEqual(thread.items);
  expect(second.snapshot().connection).toBe("idle");
});

it("dismisses an interrupt and goes on", async () => {
  const session = conversation("s-dismiss");
  await session.send("question for you");
  await session.dismiss(session.snapshot().thread.interrupts[0]!.id);
  expect(session.snapshot().thread.items.at(-1)).toMatchObject({ kind: "assistant", text: "Dismissed." });
  await session.send("model count");
  expect(session.snapshot().thread.usage).toHaveLength(2);
});

it("notices a stream cut without an end, says so, and catches up", async () => {
  const session = conversation("s-drop");
  const seen = new Set<string>();
  session.subscribe(() => seen.add(session.snapshot().connection));
  await session.send("drop the line");
  await until(() => expect(session.snapshot().thread.items.at(-1)).toMatchObject({ text: "Nothing was lost." }));
  await until(() => expect(session.snapshot().connection).toBe("idle"));
  expect(seen).toContain("lost");
});

it("waits for an engine that died, shows the interrupted run, and continues it", async () => {
  const session = conversation("s-crash");
  const seen = new Set<string>();
  session.subscribe(() => seen.add(session.snapshot().connection));
  await session.send("crash now");
  await until(() =>
    expect(session.snapshot().thread.items.at(-1)).toMatchObject({ kind: "error", code: "interrupted" }),
  );
  expect(seen).toContain("restarting");
  await until(() => expect(session.snapshot().connection).toBe("idle"));
  const run = session.snapshot().thread.legs.at(-1)!.engineRun!;
  await session.continueRun(run);
  expect(session.snapshot().thread.items.at(-1)).toMatchObject({ kind: "assistant" });
});

it("stops a run by asking the host, and ends cancelled", async () => {
  const session = conversation("s-stop");
  const running = session.send("slow watch");
  await until(() => expect(kinds(session)).toContain("round"));
  await session.stop();
  await running;
  expect(session.snapshot().thread.legs.at(-1)!.ending).toBe("cancelled");
  expect(session.snapshot().stopping).toBe(false);
});

it("shows the host's sentence when it refuses a run, and keeps the message", async () => {
  const session = conversation("s-refuse");
  await session.send("refuse this");
  expect(session.snapshot()).toMatchObject({ connection: "idle", problem: expect.stringContaining("budget") });
  expect(kinds(session)).toEqual(["user"]);
});

it("replaces an edited message and what followed it", async () => {
  const session = conversation("s-edit");
  await session.send("unknown thing");
  const first = session.snapshot().thread.items[0]!.id;
  await session.send("model count", [], first);
  const users = session.snapshot().thread.items.filter((item) => item.kind === "user");
  expect(users.map((item) => item.text)).toEqual(["model count"]);
  const second = conversation("s-edit");
  await second.connect();
  expect(second.snapshot().thread.items).toEqual(session.snapshot().thread.items);
});

it("runs a person's own action and a card's click in the same conversation", async () => {
  const session = conversation("s-code");
  await session.runCode("system.services()");
  expect(session.snapshot().thread.items.at(-1)).toMatchObject({ content: { strategy: "person", status: "ok" } });
  await session.click({ name: "approve", surfaceId: "x", context: { note: "yes" } }, { note: "yes" });
  expect(session.snapshot().thread.items.at(-1)).toMatchObject({ text: expect.stringContaining('{"note":"yes"}') });
});

it("opens a conversation the server does not know as an empty one", async () => {
  const session = conversation("s-unknown-id");
  await session.connect();
  expect(session.snapshot()).toMatchObject({ connection: "idle", problem: null });
});
