// The form of an interrupt: its fields come from the call's arguments (card.form) or from the response schema.
import { useId, useState, type FormEvent } from "react";
import type { Answer } from "../agui/session";
import { useI18n } from "../i18n/context";

export interface FormField {
  name: string;
  label: string;
  type: "text" | "number" | "choice" | "boolean" | "date";
  choices: string[];
  required: boolean;
  default: unknown;
}

interface SchemaProperty {
  type?: string;
  title?: string;
  description?: string;
  enum?: unknown[];
  examples?: unknown[];
  format?: string;
  default?: unknown;
}

/** The fields to ask for, null when neither source names any. */
export function fieldsOf(named: Record<string, unknown> | null, schema: unknown): FormField[] | null {
  if (Array.isArray(named?.fields)) {
    return (named.fields as Partial<FormField>[]).map((field) => ({
      name: field.name ?? "",
      label: field.label ?? field.name ?? "",
      type: field.type ?? "text",
      choices: (field.choices ?? []).map(String),
      required: field.required ?? false,
      default: field.default ?? null,
    }));
  }
  const inner = schema as { properties?: Record<string, SchemaProperty>; required?: string[] } | undefined;
  const properties = (inner?.properties?.value as typeof inner)?.properties ?? inner?.properties;
  const required = ((inner?.properties?.value as typeof inner)?.required ?? inner?.required ?? []) as string[];
  const entries = Object.entries(properties ?? {}).filter(([name]) => !["approved", "reason", "value"].includes(name));
  if (entries.length === 0) return null;
  return entries.map(([name, property]) => ({
    name,
    label: property.title ?? property.description ?? name,
    type: typeOf(property),
    choices: (property.enum ?? []).map(String),
    required: required.includes(name),
    default: property.default ?? null,
  }));
}

interface ObjectSchema {
  properties?: Record<string, SchemaProperty>;
}

/** Whether the answer is a plain yes or no, as that of `card.approve`. */
export function isYesNo(schema: unknown): boolean {
  const properties = (schema as ObjectSchema | undefined)?.properties ?? {};
  return "approved" in properties && !("value" in properties);
}

/** The one field of a question whose answer is a single value. */
function singleField(schema: unknown, label: string): FormField {
  const property = (schema as ObjectSchema | undefined)?.properties?.value ?? {};
  return {
    name: "",
    label,
    type: typeOf(property),
    choices: (property.enum ?? property.examples ?? []).map(String),
    required: true,
    default: "",
  };
}

function typeOf(property: SchemaProperty): FormField["type"] {
  if (property.enum) return "choice";
  if (property.type === "boolean") return "boolean";
  if (property.type === "number" || property.type === "integer") return "number";
  return property.format === "date" ? "date" : "text";
}

interface AnswerFormProps {
  fields: FormField[] | null;
  schema: unknown;
  busy: boolean;
  onAnswer: (answer: Answer) => void;
  onDismiss: () => void;
}

/** Without fields it is a question with one value as the answer. */
export function AnswerForm({ fields, schema, busy, onAnswer, onDismiss }: AnswerFormProps) {
  const { t } = useI18n();
  const one = fields ? null : singleField(schema, t("yourAnswer"));
  if (one && one.choices.length > 0 && one.choices.length <= mostChoices) {
    return <ChoiceAnswer field={one} free={isFree(schema)} {...{ busy, onAnswer, onDismiss }} />;
  }
  return <FieldsAnswer {...{ fields, schema, busy, onAnswer, onDismiss }} />;
}

const mostChoices = 6;

/** Whether something other than the choices may be answered. */
function isFree(schema: unknown): boolean {
  const property = (schema as ObjectSchema | undefined)?.properties?.value ?? {};
  return !property.enum && Array.isArray(property.examples);
}

interface ChoiceAnswerProps extends Omit<AnswerFormProps, "fields" | "schema"> {
  field: FormField;
  free: boolean;
}

/** A question with few answers: each is one press; another one may be written where the question allows it. */
function ChoiceAnswer({ field, free, busy, onAnswer, onDismiss }: ChoiceAnswerProps) {
  const { t } = useI18n();
  const [own, setOwn] = useState("");
  const id = useId();
  const answer = (value: string): void => onAnswer({ approved: true, value });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (own.trim()) answer(own.trim());
  };
  return (
    <form className="answer-form" onSubmit={submit}>
      <div className="answer-choices" role="group" aria-label={t("chooseOne")}>
        {field.choices.map((choice) => (
          <button
            key={choice}
            type="button"
            className="button choice"
            data-testid="choice"
            disabled={busy}
            onClick={() => answer(choice)}
          >
            {choice}
          </button>
        ))}
      </div>
      {free && (
        <div className="answer-else">
          <label htmlFor={id} className="hidden-visually">
            {t("answerElseLabel")}
          </label>
          <input
            id={id}
            className="input"
            data-testid="choice-else"
            placeholder={t("answerElse")}
            value={own}
            maxLength={2000}
            disabled={busy}
            onChange={(event) => setOwn(event.target.value)}
          />
          <button type="submit" className="button primary" data-testid="approve" disabled={busy || !own.trim()}>
            {t("submit")}
          </button>
        </div>
      )}
      <div className="answer-buttons">
        <button type="button" className="button ghost" data-testid="reject" disabled={busy} onClick={onDismiss}>
          {t("dismiss")}
        </button>
      </div>
    </form>
  );
}

function FieldsAnswer({ fields, schema, busy, onAnswer, onDismiss }: AnswerFormProps) {
  const { t } = useI18n();
  const shown = fields ?? [singleField(schema, t("yourAnswer"))];
  const [values, setValues] = useState<Record<string, unknown>>(() =>
    Object.fromEntries(shown.map((field) => [field.name, field.default ?? (field.type === "boolean" ? false : "")])),
  );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const value = fields
      ? Object.fromEntries(fields.map((field) => [field.name, typed(field, values[field.name])]))
      : values[""];
    onAnswer({ approved: true, value });
  };
  return (
    <form className="answer-form" onSubmit={submit}>
      {shown.map((field) => (
        <Field
          key={field.name}
          field={field}
          value={values[field.name]}
          onChange={(value) => setValues((now) => ({ ...now, [field.name]: value }))}
        />
      ))}
      <div className="answer-buttons">
        <button type="button" className="button" data-testid="reject" disabled={busy} onClick={onDismiss}>
          {t("dismiss")}
        </button>
        <button type="submit" className="button primary" data-testid="approve" disabled={busy}>
          {t("submit")}
        </button>
      </div>
    </form>
  );
}

function typed(field: FormField, value: unknown): unknown {
  if (field.type === "number") return value === "" ? null : Number(value);
  return value === "" && !field.required ? null : value;
}

function Field({ field, value, onChange }: { field: FormField; value: unknown; onChange: (value: unknown) => void }) {
  const { t } = useI18n();
  const id = useId();
  if (field.type === "boolean") {
    return (
      <label className="check">
        <input
          type="checkbox"
          name={field.name}
          checked={value === true}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span>{field.label}</span>
      </label>
    );
  }
  const shared = {
    id,
    name: field.name,
    className: "input",
    required: field.required,
    value: String(value ?? ""),
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  return (
    <label className="field" htmlFor={id}>
      <span>
        {field.label}
        {!field.required && <span className="hint"> {t("optional")}</span>}
      </span>
      {field.type === "choice" ? (
        <select {...shared}>
          {!field.choices.includes(String(value)) && <option value="">{t("choose")}</option>}
          {field.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <input type={field.type} step={field.type === "number" ? "any" : undefined} {...shared} />
      )}
    </label>
  );
}
