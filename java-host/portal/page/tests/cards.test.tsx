import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import schema from "../src/cards/catalog.json";
import { catalogId, catalogs } from "../src/cards/catalog";
import { parseDiff } from "../src/cards/Diff";
import { niceTicks, readX, valueRange } from "../src/cards/scale";
import { Surface } from "../src/cards/Surface";

const surface = (components: unknown[], data?: unknown) => [
  { version: "v0.9", createSurface: { surfaceId: "s", catalogId } },
  { version: "v0.9", updateComponents: { surfaceId: "s", components } },
  ...(data === undefined ? [] : [{ version: "v0.9", updateDataModel: { surfaceId: "s", path: "/", value: data } }]),
];

function show(components: unknown[], data?: unknown, onAction = vi.fn()) {
  render(<Surface operations={surface(components, data)} disabled={false} onAction={onAction} />);
  return onAction;
}

describe("the catalog", () => {
  it("renders exactly the components that catalog.json defines", () => {
    const rendered = [...catalogs[0]!.components.keys()].toSorted();
    expect(rendered).toEqual(Object.keys(schema.components).toSorted());
    expect(catalogs[0]!.id).toBe(schema.catalogId);
  });

  it.each(["Table", "Chart", "Diff", "Facts", "Progress", "Links"] as const)(
    "knows the same properties of %s as catalog.json",
    (name) => {
      const definition = schema.components[name].allOf[2] as { properties: object; required: string[] };
      const known = Object.keys((catalogs[0]!.components.get(name)!.schema as unknown as { shape: object }).shape);
      const written = Object.keys(definition.properties).filter((key) => key !== "component");
      expect(known.filter((key) => !["weight", "accessibility"].includes(key)).toSorted()).toEqual(written.toSorted());
    },
  );
});

describe("links", () => {
  it("leads to the web in a new tab, and to places of the portal in this one", () => {
    const items = [
      { label: "Docs", url: "https://docs.example.com/a", what: "How it works" },
      { label: "Fleet", url: "#/fleet" },
    ];
    show([{ id: "root", component: "Links", title: "Where to", items }]);
    const outside = screen.getByRole("link", { name: /Docs/ });
    expect(outside).toHaveAttribute("rel", "noopener noreferrer");
    expect(outside).toHaveTextContent("docs.example.com/a");
    expect(screen.getByRole("link", { name: /Fleet/ })).not.toHaveAttribute("target");
  });

  it.each(["javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "//evil.example", "/\\\\evil", "java\tscript:x"])(
    "shows %s as text and never as a link",
    (url) => {
      show([{ id: "root", component: "Links", items: [{ label: "L", url }] }]);
      expect(screen.getByText("L")).toBeVisible();
      expect(screen.queryByRole("link")).toBeNull();
    },
  );
});

describe("cards", () => {
  it("shows times with their zone as the person's own, and other texts as they are", () => {
    const iso = "2026-11-21T09:30:00Z";
    show([{ id: "root", component: "Table", rows: [{ at: iso, release: "2026-11-21", ok: true }] }]);
    const own = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" }).format(new Date(iso));
    expect(screen.getAllByRole("cell").map((one) => one.textContent)).toEqual([own, "2026-11-21", "✓"]);
  });

  it("sorts a table by a column, up, down and back", async () => {
    const columns = [{ key: "name" }, { key: "n", label: "Count" }];
    show([
      {
        id: "root",
        component: "Table",
        title: "T",
        columns,
        rows: [{ name: "b", n: 10 }, { name: "a", n: 9 }, ["c", 100]],
      },
    ]);
    const order = () =>
      screen
        .getAllByRole("row")
        .slice(1)
        .map((row) => within(row).getAllByRole("cell")[0]!.textContent);
    expect(order()).toEqual(["b", "a", "c"]);
    const head = screen.getByRole("button", { name: "Count" });
    await userEvent.click(head);
    expect(order()).toEqual(["a", "b", "c"]);
    await userEvent.click(head);
    expect(order()).toEqual(["c", "b", "a"]);
    expect(head.closest("th")).toHaveAttribute("aria-sort", "descending");
    await userEvent.click(head);
    expect(order()).toEqual(["b", "a", "c"]);
  });

  it("keeps a row's own `path` as data, not as a binding", () => {
    show([{ id: "root", component: "Table", rows: [{ path: "/var/log", bytes: 12 }] }]);
    expect(screen.getByRole("cell", { name: "/var/log" })).toBeVisible();
  });

  it("draws a chart, reads values by keyboard, and gives the numbers as a table", async () => {
    const series = [
      {
        name: "p95",
        points: [
          ["2026-01-01T12:00:00Z", 10],
          ["2026-01-01T12:01:00Z", 40],
          ["2026-01-01T12:02:00Z", null],
        ],
      },
    ];
    show([{ id: "root", component: "Chart", title: "Latency", unit: "ms", series }]);
    const chart = screen.getByRole("img", { name: /Latency/ });
    chart.focus();
    await userEvent.keyboard("{ArrowRight}");
    expect(screen.getByText("10 ms")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "As table" }));
    expect(screen.getAllByRole("row")).toHaveLength(4);
  });

  it("shows a diff, facts and progress", () => {
    show([
      { id: "root", component: "Column", children: ["d", "f", "p"] },
      { id: "d", component: "Diff", path: "a.yaml", patch: "@@ -1 +1 @@\n-size: 20\n+size: 2\n" },
      { id: "f", component: "Facts", items: [{ label: "Author", value: "m.rossi" }] },
      { id: "p", component: "Progress", title: "Done", value: 1, total: 4 },
    ]);
    expect(screen.getByTestId("card-diff")).toHaveTextContent("a.yaml+1 −1");
    expect(screen.getByText("m.rossi")).toBeVisible();
    expect(screen.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "1");
  });

  it("sends a button's action with the values a person typed", async () => {
    const onAction = show(
      [
        { id: "root", component: "Column", children: ["field", "go"] },
        { id: "field", component: "TextField", label: "Note", value: { path: "/note" } },
        {
          id: "go",
          component: "Button",
          child: "label",
          action: { event: { name: "go", context: { note: { path: "/note" } } } },
        },
        { id: "label", component: "Text", text: "Go" },
      ],
      { note: "" },
    );
    await userEvent.type(screen.getByLabelText("Note"), "yes");
    await userEvent.click(screen.getByRole("button", { name: "Go" }));
    expect(onAction).toHaveBeenCalledWith(expect.objectContaining({ name: "go", context: { note: "yes" } }), {
      note: "yes",
    });
  });

  it("says that a wrong card cannot be shown instead of breaking", () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    show([{ id: "root", component: "Table", rows: "none" }]);
    expect(screen.getByText("This card could not be shown.")).toBeVisible();
  });
});

describe("their arithmetic", () => {
  it("numbers the lines of a diff and leaves file headers out", () => {
    const lines = parseDiff("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -3,2 +3,2 @@\n same\n--- old\n+++ new\n");
    expect(lines.map(({ kind, before, after }) => [kind, before, after])).toEqual([
      ["hunk", null, null],
      ["same", 3, 3],
      ["remove", 4, null],
      ["add", null, 4],
    ]);
  });

  it("chooses round ticks and a range that holds all values", () => {
    expect(niceTicks(0, 1840, 4)).toEqual([0, 500, 1000, 1500]);
    const [low, high] = valueRange([61, 1840]);
    expect([low, high]).toEqual([0, 2000]);
    expect(valueRange([])).toEqual([0, 1]);
    expect(valueRange([5, 5])[1]).toBeGreaterThan(5);
  });

  it("reads times and plain numbers", () => {
    expect(readX("2026-01-01T00:00:00Z")).toEqual({ value: 1767225600000, time: true });
    expect(readX(1767225600)).toEqual({ value: 1767225600000, time: true });
    expect(readX(12)).toEqual({ value: 12, time: false });
  });
});
