// Page commands: what they may do, what they never do, and that each is answered and carried out once.
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { startFixture, type Fixture } from "../dev/server.mjs";
import { App } from "../src/app/App";
import { carryOut, type PageCommand, type PageTools } from "../src/commands/pageCommands";

const tools = (rest: Partial<PageTools> = {}): PageTools => ({
  trees: () => [document],
  opener: { targets: () => ["fleet"], open: (target) => target === "fleet" },
  announce: () => undefined,
  ...rest,
});
const command = (kind: PageCommand["command"], target: string, value = ""): PageCommand => ({
  id: "run/page-1",
  run_id: "run",
  seq: 1,
  command: kind,
  target,
  value,
});
const give = (html: string): void => {
  document.body.innerHTML = html;
};
afterEach(() => {
  document.body.innerHTML = "";
});

describe("fill", () => {
  const submitted = vi.fn((event: Event) => event.preventDefault());
  beforeEach(() => {
    submitted.mockClear();
    give(`<form><input data-sanca-anchor="name"><select data-sanca-anchor="kind"><option value="a">Apple</option>
      <option value="b">Banana</option></select><input type="checkbox" data-sanca-anchor="on">
      <input type="password" data-sanca-anchor="secret"><input data-sanca-anchor="fixed" readonly value="x">
      <input type="hidden" data-sanca-anchor="token"><button data-sanca-anchor="send">Send</button></form>`);
    document.querySelector("form")!.addEventListener("submit", submitted);
  });

  it("writes into a field as typing would, and never sends the form", async () => {
    const heard: string[] = [];
    document.querySelector("form")!.addEventListener("input", (event) => heard.push(event.type));
    expect(await carryOut(command("fill", "name", "Ann\n"), tools())).toMatchObject({
      ok: false,
      reason: "not_possible",
    });
    expect(await carryOut(command("fill", "name", "Ann"), tools())).toMatchObject({ ok: true });
    expect(await carryOut(command("fill", "kind", "Banana"), tools())).toMatchObject({ ok: true });
    expect(await carryOut(command("fill", "on", "yes"), tools())).toMatchObject({ ok: true });
    expect(document.querySelector<HTMLInputElement>("[data-sanca-anchor=name]")!.value).toBe("Ann");
    expect(document.querySelector("select")!.value).toBe("b");
    expect(document.querySelector<HTMLInputElement>("[data-sanca-anchor=on]")!.checked).toBe(true);
    expect(heard.length).toBeGreaterThan(1);
    expect(submitted).not.toHaveBeenCalled();
  });

  it.each(["secret", "fixed", "token", "send"])("refuses the field %s with a sentence", async (target) => {
    const reply = await carryOut(command("fill", target, "x"), tools());
    expect(reply).toMatchObject({ ok: false, reason: "not_possible" });
    expect(reply.detail).toMatch(/\.$/);
    expect(submitted).not.toHaveBeenCalled();
  });

  it("says what a choice may be", async () => {
    const reply = await carryOut(command("fill", "kind", "Cherry"), tools());
    expect(reply.detail).toBe("It can be one of: Apple, Banana.");
  });
});

describe("open and highlight", () => {
  it("names what there is when a place is not there; a selector is no name", async () => {
    give(`<p class="x" data-sanca-anchor="orders/17">17</p>`);
    expect(await carryOut(command("highlight", "orders/18"), tools())).toMatchObject({
      ok: false,
      reason: "not_there",
      targets: ["orders/17"],
    });
    expect(await carryOut(command("highlight", ".x"), tools())).toMatchObject({ reason: "not_there" });
    expect(await carryOut(command("highlight", "orders/17"), tools())).toMatchObject({ ok: true });
    expect(document.querySelector("p")).toHaveAttribute("data-sanca-shown");
  });

  it("lets the portal open its own places", async () => {
    give(`<a data-sanca-anchor="orders" href="/orders">Orders</a>`);
    const leave = vi.fn();
    const opened = vi.fn((event: Event) => event.preventDefault());
    document.addEventListener("sanca-open", opened);
    expect(await carryOut(command("open", "orders"), tools({ leave }))).toMatchObject({ ok: true });
    expect((opened.mock.calls[0]![0] as CustomEvent<unknown>).detail).toEqual({ target: "orders" });
    document.removeEventListener("sanca-open", opened);
    expect(leave).not.toHaveBeenCalled();
    await carryOut(command("open", "orders"), tools({ leave }));
    expect(leave).toHaveBeenCalledWith(`${location.origin}/orders`);
  });

  it.each(["https://evil.example/", "javascript:alert(1)", "//evil.example", "/\\evil.example"])(
    "never opens %s",
    async (target) => {
      give(`<a data-sanca-anchor="bait" href="${target}">x</a>`);
      const leave = vi.fn();
      expect((await carryOut(command("open", target), tools({ leave }))).ok).toBe(false);
      expect((await carryOut(command("open", "bait"), tools({ leave }))).ok).toBe(false);
      expect(leave).not.toHaveBeenCalled();
    },
  );
});

describe("in the page", () => {
  let fixture: Fixture;
  const realFetch = globalThis.fetch;
  const posted: { commandId: string; ok: boolean }[] = [];
  beforeAll(async () => {
    fixture = await startFixture({ pace: 0.02 });
  });
  afterAll(() => fixture.stop());
  beforeEach(() => {
    localStorage.clear();
    posted.length = 0;
    location.hash = "";
    vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
      if (url.endsWith("/page")) posted.push(JSON.parse(String(init?.body)) as (typeof posted)[number]);
      return realFetch(url.startsWith("/") ? fixture.url + url : url, init);
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it("carries out a run's commands in order, each once, and names what is near", async () => {
    vi.stubGlobal("matchMedia", (query: string) => ({
      matches: query.includes("min-width: 1100px"),
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
    }));
    const { unmount } = render(<App />);
    await userEvent.type(await screen.findByTestId("composer"), "lead me there{Enter}");
    expect(await screen.findByText("done, not_there, done", {}, { timeout: 8000 })).toBeVisible();
    expect(posted.map((reply) => reply.commandId.split("-").at(-1))).toEqual(["1", "2", "3"]);
    expect(posted.map((reply) => reply.ok)).toEqual([true, false, true]);
    expect(screen.getByTestId("fault-seed")).toHaveValue("42");
    expect(screen.getByTestId("page-said")).toHaveTextContent("Filled in: fleet/faults/seed");
    expect(screen.getAllByTestId("message-assistant")).toHaveLength(2); // one message, replaced in its place
    const address = location.hash;
    unmount();
    location.hash = address;
    render(<App />);
    expect(await screen.findByText("done, not_there, done", {}, { timeout: 8000 })).toBeVisible();
    await new Promise((resolve) => setTimeout(resolve, 600)); // longer than a replayed command waits
    expect(posted).toHaveLength(3);
  });

  it("shows sub-goals with their evidence, what self-check said, and what the answer rests on", async () => {
    render(<App />);
    await userEvent.type(await screen.findByTestId("composer"), "goals please{Enter}");
    await waitFor(() => expect(screen.getByTestId("evidence")).toBeVisible(), { timeout: 5000 });
    const states = screen.getAllByTestId("goal").map((goal) => goal.getAttribute("data-status"));
    expect(states).toEqual(["done", "done", "done", "abandoned"]);
    expect(screen.getByTestId("goals")).toHaveTextContent("There is no tool that sends mail.");
    expect(screen.getByTestId("goals")).toHaveTextContent("checkout_health");
    expect(screen.getAllByTestId("query-strategy")[0]).toHaveTextContent("Step by step");
    expect(screen.getByTestId("self-check")).toHaveAttribute("data-verdict", "missing");
    await userEvent.click(screen.getAllByTestId("round-check").at(-1)!);
    expect(screen.getByText("The report names no times.")).toBeVisible();
    await userEvent.click(screen.getAllByTestId("call-link").at(-1)!);
    expect(await screen.findByTestId("wanted-call")).toHaveTextContent("system.logs");
  });
});
