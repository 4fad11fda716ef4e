import type { Interrupt } from "@ag-ui/core";
import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactElement } from "react";
import { describe, expect, it, vi } from "vitest";
import type { Approval, Call, Round } from "../src/agui/activities";
import { HostClient } from "../src/api/client";
import { HostContext, type Host } from "../src/app/host";
import { ApprovalCard } from "../src/chat/ApprovalCard";
import { ImageCard } from "../src/chat/ImageCard";
import { RoundCard } from "../src/chat/RoundCard";
import { I18nProvider, type Language } from "../src/i18n/context";
import { Markdown } from "../src/ui/text";
import { approvalContent, roundContent } from "./events";

const toolkits = {
  toolkits: [
    {
      name: "system",
      description: "",
      tools: [{ name: "rollback", description: "", effect: "WRITE", right: "system:operate" }],
    },
  ],
} as Host["toolkits"];

function show(element: ReactElement, { rights = ["system:operate"], language = "en" as Language } = {}) {
  const me = { user: "u", displayName: "U", rights, tenant: "t" };
  const host: Host = { client: new HostClient(), me, toolkits, signedOut: () => undefined };
  return render(
    <I18nProvider language={language}>
      <HostContext value={host}>{element}</HostContext>
    </I18nProvider>,
  );
}

const call = (index: number, rest: Partial<Call> = {}): Call => ({
  call_id: `c${index}`,
  toolkit: "system",
  tool: "logs",
  arguments: { service: "checkout", limit: index },
  effect: "READ",
  status: "ok",
  seconds: 0.12,
  summary: null,
  ...rest,
});
const round = (rest: Partial<Round> = {}): Round => ({ ...(roundContent as unknown as Round), ...rest });

describe("the round card", () => {
  it("shows goal, skill with score and parameters, and status", () => {
    show(<RoundCard round={round({ status: "ok", seconds: 1.5 })} />);
    expect(screen.getByText("Find the cause")).toBeVisible();
    expect(screen.getByTestId("skill-name")).toHaveTextContent("Find why a service is slow");
    expect(screen.getByText(/87% match/)).toBeVisible();
    expect(screen.getByText(/"checkout"/)).toBeVisible();
    expect(screen.getByTestId("round-status")).toHaveTextContent("Done");
    expect(screen.getByText("1.5 s")).toBeVisible();
  });

  it("counts calls in one line and lists them on demand", async () => {
    const calls = Array.from({ length: 10 }, (_, index) => call(index));
    show(<RoundCard round={round({ status: "ok", calls, calls_total: 30 })} />);
    expect(screen.getByTestId("call-counts")).toHaveTextContent("30 calls");
    expect(screen.queryByTestId("call")).toBeNull();
    await userEvent.click(screen.getByTestId("round-calls"));
    expect(screen.getAllByTestId("call")).toHaveLength(10);
    expect(screen.getByText("20 reading calls in between are not listed.")).toBeVisible();
  });

  it("says which call is under way while it runs", () => {
    const calls = [call(1), call(2, { tool: "probe", status: "running" })];
    show(<RoundCard round={round({ status: "running", calls })} />);
    expect(screen.getByTestId("call-counts")).toHaveTextContent("2 callssystem.probe");
  });

  it("always shows what changed something, and names a failed call's state", () => {
    const effect = call(1, { effect: "DESTRUCTIVE", status: "denied", summary: "no" });
    show(<RoundCard round={round({ calls: [call(2), effect, call(3, { effect: "WRITE" })] })} />);
    const row = screen.getAllByTestId("effect")[0]!;
    expect(row).toHaveAttribute("data-status", "denied");
    expect(within(row).getByText("Destroys")).toBeVisible();
    expect(within(row).getByText("denied")).toBeInTheDocument();
    expect(screen.getByTestId("call-counts")).toHaveTextContent("3 calls1 changed something");
  });

  it("keeps a skill's code away until it is asked for, then its head first", async () => {
    const code = Array.from({ length: 400 }, (_, index) => `line_${index} = ${index}`).join("\n");
    show(<RoundCard round={round({ code })} />);
    expect(screen.queryByTestId("code")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Code, 400 lines" }));
    expect(screen.getByTestId("code")).toHaveTextContent("line_9");
    expect(screen.getByTestId("code")).not.toHaveTextContent("line_10");
    await userEvent.click(screen.getByRole("button", { name: "Show all 400 lines" }));
    expect(screen.getByTestId("code")).toHaveTextContent("line_399");
  });

  it("puts an error's last line first and keeps the whole behind a fold", () => {
    show(<RoundCard round={round({ status: "error", error: "Traceback\n  line 3\nValueError: no such service" })} />);
    expect(screen.getAllByText(/ValueError: no such service/)[0]).toBeVisible();
    expect(screen.getByText("Whole error").closest("details")).not.toHaveAttribute("open");
  });

  it("keeps the observation folded, and shows a model's code at once", async () => {
    show(<RoundCard round={round({ skill: null, strategy: "model", observation: "148 warnings" })} />);
    expect(screen.getByTestId("code")).toHaveTextContent("system.services()");
    expect(screen.queryByText("148 warnings")).toBeNull();
    await userEvent.click(screen.getByTestId("round-observation"));
    expect(screen.getByText("148 warnings")).toBeVisible();
  });

  it("never renders markup that came in as code or text", () => {
    const evil = '<img src=x onerror="alert(1)">';
    const { container } = show(
      <RoundCard round={round({ sub_goal: evil, code: evil, observation: evil, error: evil })} />,
    );
    expect(container.querySelector("img")).toBeNull();
  });
});

describe("the approval card", () => {
  const interrupt: Interrupt = { id: "call-1", reason: "approval" };
  const approval = (rest: Partial<Approval> = {}): Approval => ({
    ...(approvalContent as unknown as Approval),
    ...rest,
  });
  const props = { interrupt, busy: false, onAnswer: () => undefined, onDismiss: () => undefined };

  it("shows the exact call, its effect and how to undo it, and answers with a reason", async () => {
    const onAnswer = vi.fn();
    show(<ApprovalCard {...props} approval={approval()} onAnswer={onAnswer} />);
    const card = screen.getByTestId("approval");
    expect(card).toHaveTextContent('system.rollback(service="payment", release="r11")');
    expect(card).toHaveTextContent("Changes");
    expect(card).toHaveTextContent("Deploy r12 again.");
    await userEvent.type(screen.getByLabelText("Reason"), " it is safe ");
    await userEvent.click(screen.getByTestId("approve"));
    expect(onAnswer).toHaveBeenCalledWith({ approved: true, reason: "it is safe" });
  });

  it("spells out characters that hide or turn what is agreed to", () => {
    const hidden = { service: "pay\u202etnem\u200b", list: ["\u2066x"] };
    show(
      <ApprovalCard {...props} approval={approval({ arguments: hidden, arguments_json: JSON.stringify(hidden) })} />,
    );
    const shown = screen.getByTestId("approval").textContent ?? "";
    expect(shown).toContain('service="pay\\u{202e}tnem\\u{200b}"');
    expect(shown).not.toMatch(/[\u202e\u200b\u2066]/u);
  });

  it("answers by keyboard alone", async () => {
    const onAnswer = vi.fn();
    show(<ApprovalCard {...props} approval={approval()} onAnswer={onAnswer} />);
    screen.getByLabelText("Reason").focus();
    await userEvent.tab();
    expect(screen.getByTestId("reject")).toHaveFocus();
    await userEvent.keyboard("{Enter}");
    expect(onAnswer).toHaveBeenCalledWith({ approved: false });
  });

  it("tells a person without the right why they cannot answer", () => {
    show(<ApprovalCard {...props} approval={approval()} />, { rights: ["system:read"] });
    expect(screen.queryByTestId("approve")).toBeNull();
    expect(screen.getByText(/lacks the right system:operate/)).toBeVisible();
  });

  it("shows who answered and offers no buttons afterwards", () => {
    show(
      <ApprovalCard
        {...props}
        interrupt={null}
        approval={approval({ state: "approved", answered_by: "olga", reason: "ok" })}
      />,
    );
    expect(screen.getByText("Approved by olga")).toBeVisible();
    expect(screen.queryByTestId("approve")).toBeNull();
  });

  it("is disabled while the answer is under way", () => {
    show(<ApprovalCard {...props} busy approval={approval()} />);
    expect(screen.getByTestId("approve")).toBeDisabled();
  });

  it("renders a form from the call's fields and submits typed values", async () => {
    const onAnswer = vi.fn();
    const fields = [
      { name: "service", label: "Service", type: "choice", choices: ["a", "b"], required: true, default: "a" },
      { name: "size", label: "Size", type: "number", required: true },
      { name: "note", label: "Note", type: "text" },
      { name: "now", label: "Now", type: "boolean" },
    ];
    show(<ApprovalCard {...props} approval={approval({ kind: "form", arguments: { fields } })} onAnswer={onAnswer} />);
    await userEvent.selectOptions(screen.getByLabelText("Service"), "b");
    await userEvent.type(screen.getByLabelText("Size"), "20");
    await userEvent.click(screen.getByLabelText("Now"));
    await userEvent.click(screen.getByTestId("approve"));
    expect(onAnswer).toHaveBeenCalledWith({ approved: true, value: { service: "b", size: 20, note: null, now: true } });
  });

  it("renders a form from the response schema, and a question as one field", async () => {
    const responseSchema = {
      type: "object",
      properties: { city: { type: "string", title: "City" } },
      required: ["city"],
    };
    const first = show(
      <ApprovalCard
        {...props}
        interrupt={{ ...interrupt, responseSchema }}
        approval={approval({ kind: "question" })}
      />,
    );
    expect(screen.getByLabelText("City")).toBeRequired();
    first.unmount();
    const onAnswer = vi.fn();
    show(<ApprovalCard {...props} approval={approval({ kind: "question" })} onAnswer={onAnswer} />);
    await userEvent.type(screen.getByLabelText("Your answer"), "payment");
    await userEvent.click(screen.getByTestId("approve"));
    expect(onAnswer).toHaveBeenCalledWith({ approved: true, value: "payment" });
  });

  it("asks a question with choices as a choice", async () => {
    const onAnswer = vi.fn();
    const responseSchema = { properties: { value: { type: "string", enum: ["payment", "checkout"] } } };
    const asked = { ...interrupt, message: "Which service?", responseSchema };
    show(
      <ApprovalCard
        {...props}
        interrupt={asked}
        approval={approval({ kind: "question", arguments: {} })}
        onAnswer={onAnswer}
      />,
    );
    expect(screen.getByText("Which service?")).toBeVisible();
    expect(screen.queryByTestId("choice-else")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "checkout" }));
    expect(onAnswer).toHaveBeenCalledWith({ approved: true, value: "checkout" });
  });

  it("leaves room for another answer where the question allows one, and lists many choices", async () => {
    const onAnswer = vi.fn();
    const question = approval({ kind: "question", arguments: {} });
    const free = { properties: { value: { type: "string", examples: ["payment", "checkout"] } } };
    const asked = { ...interrupt, responseSchema: free };
    const { unmount } = show(<ApprovalCard {...props} interrupt={asked} approval={question} onAnswer={onAnswer} />);
    await userEvent.type(screen.getByTestId("choice-else"), "the third one{Enter}");
    expect(onAnswer).toHaveBeenCalledWith({ approved: true, value: "the third one" });
    unmount();
    const many = { properties: { value: { type: "string", enum: Array.from({ length: 9 }, (_, at) => `s${at}`) } } };
    const listed = { ...interrupt, responseSchema: many };
    show(<ApprovalCard {...props} interrupt={listed} approval={question} onAnswer={onAnswer} />);
    await userEvent.selectOptions(screen.getByLabelText("Your answer"), "s7");
    await userEvent.click(screen.getByTestId("approve"));
    expect(onAnswer).toHaveBeenLastCalledWith({ approved: true, value: "s7" });
  });

  it("answers an action's own card.approve with yes or no, never a no as a yes", async () => {
    const onAnswer = vi.fn();
    const responseSchema = { properties: { approved: { type: "boolean" }, reason: { type: "string" } } };
    const own = approval({
      kind: "question",
      toolkit: "card",
      tool: "approve",
      arguments: { title: "Delete old logs?", detail: "**12** files" },
      card: [{ version: "v0.9", createSurface: { surfaceId: "s", catalogId: "https://sanca.dev/catalog/v1" } }],
    });
    show(<ApprovalCard {...props} interrupt={{ ...interrupt, responseSchema }} approval={own} onAnswer={onAnswer} />);
    expect(screen.getByText("Delete old logs?")).toBeVisible();
    expect(screen.getByText("12").tagName).toBe("STRONG");
    await userEvent.click(screen.getByTestId("reject"));
    expect(onAnswer).toHaveBeenCalledWith({ approved: false });
  });

  it("speaks Chinese", () => {
    show(<ApprovalCard {...props} approval={approval()} />, { language: "zh" });
    expect(screen.getByRole("button", { name: "批准" })).toBeVisible();
  });

  it("says in Chinese what sanca's own tools do, and leaves a portal's tools as they are", () => {
    const own = approval({
      description: "Deploys a release of a service.",
      undo: "roll back to the previous release",
    });
    const { unmount } = show(<ApprovalCard {...props} approval={own} />, { language: "zh" });
    expect(screen.getByText("部署某个服务的一个版本。")).toBeVisible();
    expect(screen.getByText(/回滚到上一个版本/)).toBeVisible();
    unmount();
    show(<ApprovalCard {...props} approval={approval()} />, { language: "zh" });
    expect(screen.getByText("Put payment back to r11.")).toBeVisible();
  });
});

describe("Markdown", () => {
  it("reads emphasis that ends at Chinese punctuation", () => {
    const colon = "\uff1a";
    const { container } = show(<Markdown text={`**验证${colon}**8 次成功`} />);
    expect(container.querySelector("strong")).toHaveTextContent(`验证${colon}`);
  });

  it("leaves addresses of the machine itself as text", () => {
    show(<Markdown text="refused (POST http://127.0.0.1:25642/orders), see https://example.org/a" />);
    expect(screen.getAllByRole("link")).toHaveLength(1);
  });
});

describe("a chart that an action drew", () => {
  const image = {
    file_id: "file_1",
    name: "chart-1-1.png",
    size_bytes: 9000,
    media_type: "image/png",
    title: "Latency",
    description: "'Latency', 640 × 480 pixels; x: time, lines 'p95' of 60 points (12 … 900)",
  };

  it("shows the picture, says in words what is to be seen, and offers it for download", () => {
    show(<ImageCard image={image} />);
    expect(screen.getByRole("img", { name: /lines 'p95' of 60 points/ })).toHaveAttribute(
      "src",
      "/api/sanca/files/file_1",
    );
    expect(screen.getByText("Latency")).toBeVisible();
    expect(screen.getByRole("link", { name: "Download" })).toHaveAttribute("download", "chart-1-1.png");
  });

  it("keeps the words when the picture is gone", () => {
    show(<ImageCard image={image} />);
    fireEvent.error(screen.getByRole("img"));
    expect(screen.queryByRole("img")).toBeNull();
    expect(screen.getByRole("note")).toHaveTextContent("lines 'p95' of 60 points");
  });
});
