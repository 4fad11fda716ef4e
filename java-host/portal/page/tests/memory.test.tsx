// The memory panel against the development fixture: found, corrected, forgotten, taught, in both languages.
import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { startFixture, type Fixture } from "../dev/server.mjs";
import { newMemory } from "../dev/memory.mjs";
import type { MemoryItem } from "../src/api/types";
import { App } from "../src/app/App";
import { memoryHash, parseRoute } from "../src/app/route";
import { RecalledLine } from "../src/chat/RecalledLine";
import { HostContext, type Host } from "../src/app/host";

let fixture: Fixture;
const realFetch = globalThis.fetch;

/** The page uploads by XMLHttpRequest; jsdom's own refuses the fixture's origin, so this one goes by fetch. */
class FixtureRequest {
  upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {};
  status = 0;
  responseText = "";
  onload?: () => void;
  onerror?: () => void;
  private url = "";
  open(_method: string, url: string): void {
    this.url = fixture.url + url;
  }
  setRequestHeader(): void {}
  abort(): void {}
  send(form: FormData): void {
    const { name } = form.get("file") as File;
    const body = `--x\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\nx\r\n--x--`;
    this.upload.onprogress?.({ loaded: 1, total: 2 });
    realFetch(this.url, { method: "POST", body }).then(
      async (response) => {
        this.status = response.status;
        this.responseText = await response.text();
        this.onload?.();
      },
      () => this.onerror?.(),
    );
  }
}

const kept = (): MemoryItem[] => fixture.state.memory as MemoryItem[];

beforeAll(async () => {
  fixture = await startFixture({ pace: 0.02 });
});
afterAll(() => fixture.stop());
beforeEach(() => {
  localStorage.clear();
  fixture.state.memory = newMemory();
  location.hash = "#/memory";
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) =>
    realFetch(url.startsWith("/") ? fixture.url + url : url, init),
  );
});
afterEach(() => vi.unstubAllGlobals());

const cards = (): HTMLElement[] => screen.queryAllByTestId("memory-item");
const card = (id: string): HTMLElement => cards().find((one) => one.dataset.id === id)!;
const shown = async (count: number): Promise<void> => waitFor(() => expect(cards()).toHaveLength(count));

describe("the memory panel", () => {
  it("finds what fits, and says why", async () => {
    render(<App />);
    await userEvent.type(await screen.findByTestId("memory-search"), "restart night");
    await screen.findAllByTestId("reasons");
    expect(within(card("night")).getByTestId("reasons")).toHaveTextContent(/Words\s*restart, night\s*69%/);
    expect(screen.getByTestId("memory-count")).toHaveTextContent("3 found");
  });

  it("filters by kind, and counts each", async () => {
    render(<App />);
    expect(await screen.findByTestId("layer-preference")).toHaveTextContent("Preferences");
    await waitFor(() => expect(screen.getByTestId("layer-preference")).toHaveTextContent("3"));
    await userEvent.click(screen.getByTestId("layer-experience"));
    await shown(2);
    expect(location.hash).toBe("#/memory?layer=experience");
    expect(card("exp-1")).toHaveTextContent("helped 3 times");
    expect(card("exp-2")).toHaveTextContent("did not work");
    await userEvent.click(within(card("exp-1")).getByTestId("run-link"));
    await waitFor(() => expect(location.hash).toBe("#/s/s-demo"));
  });

  it("corrects a preference in its place", async () => {
    location.hash = "#/memory?layer=preference";
    render(<App />);
    await shown(3);
    await userEvent.click(within(card("language")).getByTestId("memory-edit"));
    const box = screen.getByTestId("memory-edit-text");
    await userEvent.clear(box);
    await userEvent.type(box, "Always answer in English.");
    await userEvent.click(screen.getByTestId("memory-save"));
    await waitFor(() => expect(card("language")).toHaveTextContent("Always answer in English."));
    expect(kept().find((one) => one.id === "language")?.revision).toBe(2);
  });

  it("keeps what was written when another changed it meanwhile, and shows the newer text", async () => {
    location.hash = "#/memory?layer=preference";
    render(<App />);
    await shown(3);
    await userEvent.click(within(card("language")).getByTestId("memory-edit"));
    await userEvent.type(screen.getByTestId("memory-edit-text"), " Mine.");
    Object.assign(
      kept().find((one) => one.id === "language")!,
      { revision: 7, text: "Answer in French." },
    );
    await userEvent.click(screen.getByTestId("memory-save"));
    expect(await screen.findByTestId("memory-edit-error")).toHaveTextContent("changed meanwhile");
    expect(card("language")).toHaveTextContent("Answer in French.");
    expect(screen.getByTestId("memory-edit-text")).toHaveValue("Always answer in Chinese. Mine.");
    await userEvent.click(screen.getByTestId("memory-save"));
    await waitFor(() => expect(card("language")).toHaveTextContent("Always answer in Chinese. Mine."));
  });

  it("adds a preference of a kind", async () => {
    location.hash = "#/memory?layer=preference";
    render(<App />);
    await userEvent.selectOptions(await screen.findByTestId("preference-kind"), "dont");
    await userEvent.type(screen.getByTestId("preference-text"), "Never deploy on Fridays{Enter}");
    await shown(4);
    expect(cards()[0]).toHaveTextContent("Never deploy on Fridays");
    expect(kept()[0]!.data).toEqual({ kind: "dont", by: "user" });
    expect(screen.getByTestId("preference-text")).toHaveValue("");
  });

  it("forgets only after a yes", async () => {
    location.hash = "#/memory?layer=preference";
    render(<App />);
    await shown(3);
    await userEvent.click(within(card("night")).getByTestId("memory-forget"));
    await userEvent.click(within(screen.getByTestId("forgetting")).getByText("Cancel"));
    await shown(3);
    await userEvent.click(within(card("night")).getByTestId("memory-forget"));
    await userEvent.click(screen.getByTestId("forget-yes"));
    await shown(2);
    expect(kept().some((one) => one.id === "night")).toBe(false);
  });

  it("forgets everything only when the word was typed, and teaches what belongs here then", async () => {
    render(<App />);
    await screen.findAllByTestId("memory-item");
    await userEvent.click(screen.getByTestId("memory-actions"));
    await userEvent.click(screen.getByTestId("memory-forget-all"));
    expect(screen.getByTestId("forget-yes")).toBeDisabled();
    await userEvent.type(screen.getByTestId("forget-word"), "Forget");
    await userEvent.click(screen.getByTestId("forget-yes"));
    expect(await screen.findByTestId("memory-empty")).toHaveTextContent("Nothing is remembered yet");
    expect(kept()).toHaveLength(0);
  });

  it("opens a document's pieces with their doubts, and forgets it whole", async () => {
    location.hash = "#/memory?layer=knowledge";
    render(<App />);
    const row = await screen.findByTestId("document");
    expect(row).toHaveTextContent("3 pieces");
    (row as HTMLDetailsElement).open = true;
    await shown(3);
    expect(within(row).getAllByTestId("doubt")[0]).toHaveTextContent("Said differently in notes/pools.md, line 4.");
    expect(within(row).getAllByTestId("doubt")[1]).toHaveTextContent("Was valid until");
    await userEvent.click(within(row).getByTestId("document-forget"));
    await userEvent.click(screen.getByTestId("forget-yes"));
    expect(await screen.findByTestId("memory-empty")).toHaveTextContent("Add a runbook");
  });

  it("uploads documents, and shows what is odd about them and what is refused", async () => {
    vi.stubGlobal("XMLHttpRequest", FixtureRequest);
    location.hash = "#/memory?layer=knowledge";
    render(<App />);
    const files = [new File(["x"], "odd.md"), new File(["x"], "tool.exe")];
    await userEvent.upload(await screen.findByTestId("document-input"), files);
    await waitFor(() => {
      const states = screen.getAllByTestId("upload").map((one) => one.dataset.state);
      expect(states).toEqual(["added", "failed"]);
    });
    expect(screen.getByTestId("upload-remark")).toHaveTextContent("pool.size is 30 here");
    expect(screen.getAllByTestId("upload")[1]).toHaveTextContent("Files of type .exe are not taken.");
    await waitFor(() => expect(screen.getAllByTestId("document")).toHaveLength(2));
  });

  it("shows one record that a link names, and says when it is gone", async () => {
    location.hash = memoryHash("preference", { id: "night", sessionId: "" });
    render(<App />);
    await shown(1);
    expect(card("night")).toHaveTextContent("Never restart payment at night.");
    location.hash = memoryHash("preference", { id: "no-more", sessionId: "" });
    expect(await screen.findByText(/not there any more/)).toBeVisible();
  });

  it("speaks Chinese", async () => {
    localStorage.setItem("sanca.language", "zh");
    render(<App />);
    expect(await screen.findByTestId("layer-preference")).toHaveTextContent("偏好");
    expect(screen.getByTestId("memory-search")).toHaveAccessibleName("搜索记忆");
  });

  it("says in a sentence when the host does not answer", async () => {
    render(<App />);
    await screen.findAllByTestId("memory-item");
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("gone")));
    await userEvent.type(screen.getByTestId("memory-search"), "pool");
    expect(await screen.findByTestId("memory-error")).toHaveTextContent("cannot be reached");
  });
});

describe("the addresses of memory", () => {
  it("go to a layer or to one record and back", () => {
    const place = { layer: "message", id: "m/1 ?", session: "s&2" };
    expect(parseRoute(memoryHash("message", { id: "m/1 ?", sessionId: "s&2" }))).toEqual({ page: "memory", place });
    expect(parseRoute("#/memory?layer=secrets")).toEqual({
      page: "memory",
      place: { layer: null, id: "", session: "" },
    });
    expect(memoryHash(null)).toBe("#/memory");
  });
});

describe("what an answer recalled", () => {
  const recalled = [{ layer: "knowledge", id: "a.md#1", session_id: "", citation: "a.md, lines 1-9" } as const];

  it("leads into the panel", () => {
    render(
      <HostContext value={{ hasMemory: true } as unknown as Host}>
        <RecalledLine recalled={[...recalled]} />
      </HostContext>,
    );
    expect(screen.getByTestId("recalled-link")).toHaveAttribute("href", "#/memory?layer=knowledge&id=a.md%231");
    expect(screen.getByTestId("recalled")).toHaveTextContent("Recalled a.md, lines 1-9");
  });

  it("is only said inside another portal, which has no panel", () => {
    render(
      <HostContext value={{} as unknown as Host}>
        <RecalledLine recalled={[...recalled]} />
      </HostContext>,
    );
    expect(screen.queryByTestId("recalled-link")).toBeNull();
    expect(screen.getByText("a.md, lines 1-9")).toBeVisible();
  });
});
