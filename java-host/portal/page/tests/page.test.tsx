// The whole page against the development fixture, and what it says in two languages.
import { act, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { startFixture, type Fixture } from "../dev/server.mjs";
import { sentenceOf } from "../src/api/client";
import { App } from "../src/app/App";
import { parseRoute } from "../src/app/route";
import { makeI18n } from "../src/i18n/context";
import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";

let fixture: Fixture;
const realFetch = globalThis.fetch;

beforeAll(async () => {
  await import("../src/cards/Surface"); // loaded on demand; compiled here before anything is timed
  fixture = await startFixture({ pace: 0.02 });
});
afterAll(() => fixture.stop());
beforeEach(() => {
  localStorage.clear();
  location.hash = "";
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) =>
    realFetch(url.startsWith("/") ? fixture.url + url : url, init),
  );
});
afterEach(() => vi.unstubAllGlobals());

describe("the page", () => {
  it("asks, shows the approval, and takes the answer", async () => {
    render(<App />);
    await userEvent.type(await screen.findByTestId("composer"), "Why is checkout slow?{Enter}");
    await waitFor(() => expect(screen.getByTestId("approve")).toBeEnabled());
    await userEvent.click(screen.getByTestId("approve"));
    await screen.findByTestId("download");
    expect(screen.getByTestId("message-user")).toHaveTextContent("Why is checkout slow?");
    expect(screen.getByTestId("card-chart")).toBeVisible();
    expect(screen.getAllByTestId("call-counts")[0]).toHaveTextContent(/calls/);
    expect(location.hash).toMatch(/^#\/s\//);
    await waitFor(() => expect(screen.getByTestId("thumb-up")).toBeVisible());
    await userEvent.click(screen.getByTestId("thumb-up"));
    expect(screen.getByTestId("thumb-up")).toHaveAttribute("aria-pressed", "true");
  });

  it("asks to answer or dismiss first when a message is sent while a question waits", async () => {
    render(<App />);
    await userEvent.type(await screen.findByTestId("composer"), "question now{Enter}");
    await screen.findByTestId("approval");
    await waitFor(() => expect(screen.queryByTestId("stop")).toBeNull());
    await userEvent.type(screen.getByTestId("composer"), "model count{Enter}");
    await userEvent.click(await screen.findByTestId("dismiss-send"));
    await waitFor(() => expect(screen.getAllByTestId("message-user")).toHaveLength(2));
    expect(screen.getByTestId("approval")).toHaveAttribute("data-state", "cancelled");
  });

  it("offers suggestions in the page's language, and switches it at once", async () => {
    render(<App />);
    expect(await screen.findByText("How is the fleet doing?")).toBeVisible();
    await userEvent.click(screen.getByTestId("lang-toggle"));
    expect(await screen.findByText("服务群现在状态如何?".replace("?", "\uff1f"))).toBeVisible();
    expect(document.documentElement.lang).toBe("zh-CN");
  });

  it("shows the fleet and turns a checked fault's state", async () => {
    location.hash = "#/fleet";
    render(<App />);
    expect(await screen.findByTestId("service-checkout")).toHaveAttribute("data-status", "up");
    await userEvent.type(screen.getByTestId("fault-seed"), "4");
    await userEvent.click(screen.getByTestId("fault-disk_full"));
    await userEvent.click(await screen.findByTestId("fault-check"));
    await waitFor(() => expect(screen.getByTestId("fault-state")).toHaveAttribute("data-state", "broken"));
  });

  it("tests and saves a model, and never shows the key again", async () => {
    location.hash = "#/settings";
    render(<App />);
    await userEvent.type(await screen.findByTestId("settings-model-name"), "qwen3-max");
    await userEvent.type(screen.getByTestId("settings-model-key"), "secret");
    await userEvent.click(screen.getByTestId("settings-model-test"));
    expect(await screen.findByTestId("settings-model-result")).toHaveAttribute("data-ok", "true");
    await userEvent.click(screen.getByTestId("settings-model-save"));
    await waitFor(() => expect(screen.getByTestId("settings-model-current")).toHaveTextContent("qwen3-max is set."));
    expect(screen.getByTestId("settings-model-key")).toHaveValue("");
  });

  it("shows the sign-in form to nobody in particular", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response('{"detail":"Nobody is signed in."}', { status: 401 })));
    await act(async () => render(<App />));
    expect(await screen.findByLabelText("User name")).toBeVisible();
  });
});

describe("words", () => {
  it("has every sentence in both languages, with the same places to fill", () => {
    const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).toSorted();
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect(zh[key], key).toBeTruthy();
      expect(places(zh[key]), key).toEqual(places(en[key]));
    }
  });

  it("writes numbers and durations as each language does", () => {
    const i18n = makeI18n("en");
    expect([i18n.seconds(0.042), i18n.seconds(2.5), i18n.seconds(95), i18n.bytes(18432), i18n.percent(0.305)]).toEqual([
      "42 ms",
      "2.5 s",
      "1 min 35 s",
      "18 KB",
      "31%",
    ]);
  });

  it("finds the host's sentence in an error's body", () => {
    expect(sentenceOf(413, '{"detail":"Too large."}')).toBe("Too large.");
    expect(sentenceOf(500, "<html>")).toBe("HTTP 500");
    expect(sentenceOf(502, "Bad gateway")).toBe("Bad gateway");
  });

  it("reads the address", () => {
    expect(parseRoute("#/s/a%2Fb")).toEqual({ page: "chat", session: "a/b" });
    expect(parseRoute("#/settings")).toEqual({ page: "settings" });
    expect(parseRoute("")).toEqual({ page: "chat", session: null });
  });
});
