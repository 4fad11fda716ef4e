// An interrupt as a card: the exact call to approve, or a form or question to answer.
import type { Interrupt } from "@ag-ui/core";
import { Check, ChevronRight, CornerDownLeft, ShieldAlert, ShieldCheck, ShieldX, SquarePen, Undo2 } from "lucide-react";
import { useId, useState } from "react";
import type { Answer } from "../agui/session";
import type { Approval } from "../agui/activities";
import { may, rightOf, useHost } from "../app/host";
import { Diff } from "../cards/Diff";
import { LazySurface } from "../cards/LazySurface";
import type { UserAction } from "../cards/Surface";
import { useI18n } from "../i18n/context";
import type { Key } from "../i18n/en";
import { toolText } from "../i18n/toolTexts";
import { Fold } from "../ui/controls";
import { Highlighted, Markdown, pretty, reveal } from "../ui/text";
import { AnswerForm, fieldsOf, isYesNo } from "./AnswerForm";
import { EffectBadge } from "./Calls";

interface ApprovalProps {
  approval: Approval;
  /** The open interrupt this card answers; null when it is answered, or the run is over. */
  interrupt: Interrupt | null;
  busy: boolean;
  onAnswer: (answer: Answer) => void;
  onDismiss: () => void;
}

export function ApprovalCard(props: ApprovalProps) {
  const { approval, interrupt, busy } = props;
  const { t, language } = useI18n();
  const host = useHost();
  const right = rightOf(host, approval.toolkit, approval.tool);
  const asked = approval.state === "asked";
  const open = asked && interrupt !== null;
  // Just answered, or replayed up to here: the buttons stay where they are until the outcome is known.
  const settling = asked && !open && busy;
  if (!asked) return <Answered approval={approval} />;
  const asks = approval.kind === "approval";
  const Icon = asks ? ShieldAlert : SquarePen;
  return (
    <article
      className={`approval ${open || settling ? "asked" : "gone"} ${asks ? toneOf(approval) : "accent"}`}
      data-testid="approval"
      data-state={approval.state}
      data-kind={approval.kind}
      aria-label={t(titleOf(approval))}
    >
      <header>
        <Icon size={18} aria-hidden />
        <div>
          <h2>{t(titleOf(approval))}</h2>
          {asks && open && <p>{t("approvalNothingYet")}</p>}
        </div>
        {asks && <EffectBadge effect={approval.effect} />}
      </header>
      <div className="approval-body">
        {asks ? (
          <>
            {approval.description && <p>{toolText(approval.description, language)}</p>}
            <ExactCall approval={approval} />
          </>
        ) : (
          <Question approval={approval} message={interrupt?.message} />
        )}
        {(open || settling) && may(host, right) && <Answers {...props} busy={busy || settling} />}
        {open && !may(host, right) && <p className="notice warning">{t("approvalNoRight", { right: right ?? "" })}</p>}
        {!open && !settling && (
          <p className="outcome" role="status">
            {t("approvalGone")}
          </p>
        )}
      </div>
    </article>
  );
}

const toneOf = ({ effect }: Approval): string => (effect === "DESTRUCTIVE" ? "bad" : "warn");

/** What was answered, in one line; the exact call stays behind it. */
function Answered({ approval }: { approval: Approval }) {
  const { t } = useI18n();
  const asks = approval.kind === "approval";
  const Icon = approval.state === "approved" ? ShieldCheck : ShieldX;
  const subject = asks ? oneLine(approval) : questionOf(approval);
  return (
    <article
      className={`approval ${approval.state}`}
      data-testid="approval"
      data-state={approval.state}
      data-kind={approval.kind}
      aria-label={t(titleOf(approval))}
    >
      <details>
        <summary>
          <Icon size={16} aria-hidden />
          <span className="approval-outcome" role="status">
            {t(outcomeOf(approval), { by: approval.answered_by || t("someone") })}
          </span>
          <span className={`approval-subject tone-muted ${asks ? "mono" : ""}`} title={subject}>
            {subject}
          </span>
          {asks && <EffectBadge effect={approval.effect} />}
          <ChevronRight size={14} aria-hidden className="tone-muted chevron" />
        </summary>
        <div className="approval-body">
          {asks ? <ExactCall approval={approval} /> : <Question approval={approval} />}
        </div>
      </details>
      {approval.reason && (
        <p className="approval-reason tone-muted">
          <CornerDownLeft size={12} aria-hidden /> {approval.reason}
        </p>
      )}
    </article>
  );
}

function titleOf({ kind, state }: Approval): Key {
  if (state === "asked") return kind === "approval" ? "approvalTitle" : "questionTitle";
  if (state === "approved") return kind === "approval" ? "approved" : "answered";
  return state === "denied" ? "rejected" : "approvalCancelled";
}

/** What is asked: the card's own title; the tool's description says nothing about this question. */
function questionOf(approval: Approval, message?: string): string {
  const title = approval.arguments?.title;
  return message || (typeof title === "string" && title) || approval.description || "";
}

function Question({ approval, message }: { approval: Approval; message?: string }) {
  const detail = approval.arguments?.detail;
  const asked = questionOf(approval, message);
  return (
    <>
      {asked && <p className="question">{asked}</p>}
      {typeof detail === "string" && <Markdown text={detail} />}
    </>
  );
}

function ExactCall({ approval }: { approval: Approval }) {
  const { t, language } = useI18n();
  const named = approval.arguments ?? {};
  const patch = ["patch", "diff"].map((name) => named[name]).find((value) => typeof value === "string") as
    string | undefined;
  const call = callText(approval);
  return (
    <>
      <pre className="exact-call" tabIndex={0}>
        <Highlighted text={call} language="python" />
      </pre>
      {patch && <Diff path={typeof named.path === "string" ? named.path : undefined} patch={patch} />}
      <p className="undo">
        <Undo2 size={14} aria-hidden />
        {approval.undo ? t("undoBy", { how: toolText(approval.undo, language) }) : t("noUndo")}
      </p>
      {approval.arguments_json && (
        <Fold label={t("exactArguments")}>
          <pre className="plain mono">{reveal(approval.arguments_json)}</pre>
        </Fold>
      )}
    </>
  );
}

/** The call as Python, an argument a line when it is long. */
export function callText(approval: Approval): string {
  const short = oneLine(approval);
  if (short.length <= 72) return short;
  const lines = argumentsOf(approval).map((entry) => `    ${entry},`);
  return [`${approval.toolkit}.${approval.tool}(`, ...lines, ")"].join("\n");
}

function oneLine(approval: Approval): string {
  return `${approval.toolkit}.${approval.tool}(${argumentsOf(approval).join(", ")})`;
}

function argumentsOf(approval: Approval): string[] {
  return Object.entries(approval.arguments ?? {}).map(([name, value]) => reveal(`${name}=${python(value)}`));
}

function python(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  return typeof value === "object" ? pretty(value).replace(/\n/g, "\n    ") : JSON.stringify(value);
}

function Answers(props: ApprovalProps) {
  const { approval, interrupt, busy, onAnswer, onDismiss } = props;
  const operations = operationsOf(approval.card);
  const schema = interrupt?.responseSchema;
  if (approval.kind === "approval") {
    return (
      <>
        {operations && <LazySurface operations={operations} disabled={busy} onAction={() => undefined} />}
        <YesNo busy={busy} destroys={approval.effect === "DESTRUCTIVE"} onAnswer={onAnswer} />
      </>
    );
  }
  const fields = fieldsOf(approval.arguments, schema);
  if (!fields && isYesNo(schema)) return <YesNo busy={busy} onAnswer={onAnswer} />;
  if (fields || !operations) return <AnswerForm {...{ fields, schema, busy, onAnswer, onDismiss }} />;
  const act = (action: UserAction, model: unknown): void => {
    if (/^(cancel|dismiss|reject|decline)/i.test(action.name)) return onDismiss();
    const context = action.context ?? {};
    onAnswer({ approved: true, value: Object.keys(context).length > 0 ? context : model });
  };
  return <LazySurface operations={operations} disabled={busy} onAction={act} />;
}

interface YesNoProps {
  busy: boolean;
  destroys?: boolean;
  onAnswer: (answer: Answer) => void;
}

function YesNo({ busy, destroys, onAnswer }: YesNoProps) {
  const { t } = useI18n();
  const id = useId();
  const [reason, setReason] = useState("");
  const answer = (approved: boolean): void =>
    onAnswer({ approved, ...(reason.trim() ? { reason: reason.trim() } : {}) });
  return (
    <div className="answers">
      <label htmlFor={id} className="hidden-visually">
        {t("reason")}
      </label>
      <input
        id={id}
        className="input"
        placeholder={t("reasonOptional")}
        value={reason}
        disabled={busy}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
      />
      <div className="answer-buttons">
        <button type="button" className="button" data-testid="reject" disabled={busy} onClick={() => answer(false)}>
          {t("reject")}
        </button>
        <button
          type="button"
          className={`button primary ${destroys ? "destroys" : ""}`}
          data-testid="approve"
          disabled={busy}
          onClick={() => answer(true)}
        >
          <Check size={15} aria-hidden />
          {t("approve")}
        </button>
      </div>
    </div>
  );
}

function outcomeOf({ kind, state }: Approval): Key {
  if (state === "approved") return kind === "approval" ? "approvedBy" : "answeredBy";
  return state === "denied" ? "rejectedBy" : "approvalCancelled";
}

function operationsOf(card: Approval["card"]): unknown[] | null {
  const operations = Array.isArray(card) ? card : card?.a2ui_operations;
  return operations && operations.length > 0 ? operations : null;
}
