// An interrupt as a card: the exact call to approve, or a form or question to answer.
import type { Interrupt } from "@ag-ui/core";
import { Check, CornerDownLeft, ShieldAlert, ShieldCheck, ShieldX, SquarePen, Undo2 } from "lucide-react";
import { useId, useState } from "react";
import type { Answer } from "../agui/session";
import type { Approval } from "../agui/activities";
import { may, rightOf, useHost } from "../app/host";
import { Diff } from "../cards/Diff";
import { Surface, type UserAction } from "../cards/Surface";
import { useI18n } from "../i18n/context";
import type { Key } from "../i18n/en";
import { Highlighted, Markdown, pretty } from "../ui/text";
import { AnswerForm, fieldsOf, isYesNo } from "./AnswerForm";
import { EffectBadge, Fold } from "./RoundCard";

interface ApprovalProps {
  approval: Approval;
  /** The open interrupt this card answers; null when it is answered, or the run is over. */
  interrupt: Interrupt | null;
  busy: boolean;
  onAnswer: (answer: Answer) => void;
  onDismiss: () => void;
}

export function ApprovalCard(props: ApprovalProps) {
  const { t } = useI18n();
  const { approval } = props;
  const host = useHost();
  const right = rightOf(host, approval.toolkit, approval.tool);
  const allowed = may(host, right);
  const open = approval.state === "asked" && props.interrupt !== null;
  const asks = approval.kind === "approval";
  const Icon =
    approval.state === "approved"
      ? ShieldCheck
      : approval.state === "asked"
        ? asks
          ? ShieldAlert
          : SquarePen
        : ShieldX;
  return (
    <article
      className={`approval ${approval.state}`}
      data-testid="approval"
      data-state={approval.state}
      data-kind={approval.kind}
      aria-label={t(titleOf(approval))}
    >
      <header>
        <Icon size={17} aria-hidden />
        <h2>{t(titleOf(approval))}</h2>
        {asks && <EffectBadge effect={approval.effect} />}
      </header>
      {asks ? (
        <>
          {approval.description && <p>{approval.description}</p>}
          <ExactCall approval={approval} />
        </>
      ) : (
        <Question approval={approval} message={props.interrupt?.message} />
      )}
      {open && allowed && <Answers {...props} />}
      {open && !allowed && <p className="notice warning">{t("approvalNoRight", { right: right ?? "" })}</p>}
      {!open && <Outcome approval={approval} />}
    </article>
  );
}

function titleOf({ kind, state }: Approval): Key {
  if (state === "asked") return kind === "approval" ? "approvalTitle" : "questionTitle";
  if (state === "approved") return kind === "approval" ? "approved" : "answered";
  return state === "denied" ? "rejected" : "approvalCancelled";
}

/** What is asked: the card's own title and detail; the tool's description says nothing about this question. */
function Question({ approval, message }: { approval: Approval; message?: string }) {
  const { title, detail } = approval.arguments ?? {};
  const asked = message || (typeof title === "string" && title) || approval.description;
  return (
    <>
      {asked && <p className="question">{asked}</p>}
      {typeof detail === "string" && <Markdown text={detail} />}
    </>
  );
}

function ExactCall({ approval }: { approval: Approval }) {
  const { t } = useI18n();
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
        {approval.undo ? approval.undo : t("noUndo")}
      </p>
      {approval.arguments_json && (
        <Fold label={t("exactArguments")}>
          <pre className="plain mono">{approval.arguments_json}</pre>
        </Fold>
      )}
    </>
  );
}

/** The call as Python, an argument a line when it is long. */
export function callText(approval: Approval): string {
  const entries = Object.entries(approval.arguments ?? {}).map(([name, value]) => `${name}=${python(value)}`);
  const name = `${approval.toolkit}.${approval.tool}`;
  const short = `${name}(${entries.join(", ")})`;
  return short.length <= 72 ? short : `${name}(\n${entries.map((entry) => `    ${entry},`).join("\n")}\n)`;
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
        {operations && <Surface operations={operations} disabled={busy} onAction={() => undefined} />}
        <YesNo busy={busy} onAnswer={onAnswer} />
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
  return <Surface operations={operations} disabled={busy} onAction={act} />;
}

function YesNo({ busy, onAnswer }: { busy: boolean; onAnswer: (answer: Answer) => void }) {
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
          className="button primary"
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

function Outcome({ approval }: { approval: Approval }) {
  const { t } = useI18n();
  const by = approval.answered_by ?? "";
  const key =
    approval.state === "approved"
      ? approval.kind === "approval"
        ? "approvedBy"
        : "answeredBy"
      : approval.state === "denied"
        ? "rejectedBy"
        : approval.state === "cancelled"
          ? "approvalCancelled"
          : "approvalGone";
  return (
    <p className="outcome" role="status">
      {t(key, { by: by || t("someone") })}
      {approval.reason && (
        <span className="tone-muted">
          <CornerDownLeft size={12} aria-hidden /> {approval.reason}
        </span>
      )}
    </p>
  );
}

function operationsOf(card: Approval["card"]): unknown[] | null {
  const operations = Array.isArray(card) ? card : card?.a2ui_operations;
  return operations && operations.length > 0 ? operations : null;
}
