// Our A2UI catalog: the basic components in our look, plus Table, Chart, Diff, Facts, Progress and Links (catalog.json).
import { basicCatalog, createComponentImplementation, type ReactComponentImplementation } from "@a2ui/react/v0_9";
import { Catalog, CommonSchemas } from "@a2ui/web_core/v0_9";
import {
  ButtonApi,
  CardApi,
  CheckBoxApi,
  ChoicePickerApi,
  DateTimeInputApi,
  DividerApi,
  SliderApi,
  TextApi,
  TextFieldApi,
} from "@a2ui/web_core/v0_9/basic_catalog";
import { useId } from "react";
import { z } from "zod";
import { Markdown } from "../ui/text";
import { Chart, type Series } from "./Chart";
import { Diff } from "./Diff";
import { Facts, Progress, type Fact } from "./Facts";
import { Links, type LinkItem } from "./Links";
import { Table, type Column, type Row } from "./Table";

export const catalogId = "https://sanca.dev/catalog/v1";

const common = { weight: z.number().optional(), accessibility: CommonSchemas.AccessibilityAttributes.optional() };
const text = CommonSchemas.DynamicString;
const number = CommonSchemas.DynamicNumber;
const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const Text = createComponentImplementation(TextApi, ({ props }) => {
  const value = String(props.text ?? "");
  const variant = props.variant ?? "body";
  if (variant === "body") return <Markdown text={value} />;
  if (variant === "caption") return <p className="card-caption">{value}</p>;
  return <p className={`card-title ${variant}`}>{value.replace(/^#+\s*/, "")}</p>;
});

const Button = createComponentImplementation(ButtonApi, ({ props, buildChild }) => {
  const look = props.variant === "primary" ? "primary" : props.variant === "borderless" ? "ghost" : "";
  return (
    <button
      type="button"
      className={`button ${look}`}
      disabled={props.isValid === false}
      onClick={() => (props.action as (() => void) | undefined)?.()}
    >
      <span className="card-button-label">{props.child ? buildChild(props.child) : null}</span>
    </button>
  );
});

const TextField = createComponentImplementation(TextFieldApi, ({ props }) => {
  const id = useId();
  const errors = props.validationErrors ?? [];
  const shared = {
    id,
    className: "input",
    value: String(props.value ?? ""),
    "aria-invalid": errors.length > 0,
    onChange: (event: { target: { value: string } }) => props.setValue(event.target.value),
  };
  return (
    <label className="field" htmlFor={id}>
      <span>{props.label}</span>
      {props.variant === "longText" ? (
        <textarea rows={4} {...shared} />
      ) : (
        <input
          type={props.variant === "number" ? "number" : props.variant === "obscured" ? "password" : "text"}
          {...shared}
        />
      )}
      {errors.length > 0 && <span className="hint tone-bad">{errors[0]}</span>}
    </label>
  );
});

const CheckBox = createComponentImplementation(CheckBoxApi, ({ props }) => (
  <label className="check">
    <input type="checkbox" checked={props.value === true} onChange={(event) => props.setValue(event.target.checked)} />
    <span>{props.label}</span>
  </label>
));

const ChoicePicker = createComponentImplementation(ChoicePickerApi, ({ props }) => {
  const name = useId();
  const many = props.variant === "multipleSelection";
  const chosen = Array.isArray(props.value) ? (props.value as string[]) : [];
  const toggle = (value: string): void => {
    if (!many) return props.setValue([value]);
    props.setValue(chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value]);
  };
  return (
    <fieldset className="field">
      {props.label && <span>{props.label}</span>}
      <div className="choices">
        {(props.options ?? []).map((option) => (
          <label className="check" key={option.value}>
            <input
              type={many ? "checkbox" : "radio"}
              name={name}
              checked={chosen.includes(option.value)}
              onChange={() => toggle(option.value)}
            />
            <span>{String(option.label)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
});

const Slider = createComponentImplementation(SliderApi, ({ props }) => (
  <label className="field">
    <span>
      {props.label} <span className="num tone-muted">{props.value}</span>
    </span>
    <input
      type="range"
      min={props.min ?? 0}
      max={props.max}
      value={props.value ?? 0}
      onChange={(event) => props.setValue(Number(event.target.value))}
    />
  </label>
));

const DateTimeInput = createComponentImplementation(DateTimeInputApi, ({ props }) => {
  const type = props.enableDate === false ? "time" : props.enableTime ? "datetime-local" : "date";
  return (
    <label className="field">
      <span>{props.label}</span>
      <input
        className="input"
        type={type}
        value={String(props.value ?? "")}
        onChange={(event) => props.setValue(event.target.value)}
      />
    </label>
  );
});

const Card = createComponentImplementation(CardApi, ({ props, buildChild }) => (
  <div className="card-inner">{buildChild(props.child)}</div>
));

const Divider = createComponentImplementation(DividerApi, ({ props }) =>
  props.axis === "vertical" ? <div className="card-rule vertical" /> : <hr className="card-rule" />,
);

const TableApi = {
  name: "Table",
  schema: z
    .object({
      ...common,
      title: text.optional(),
      columns: z
        .array(
          z.object({
            key: z.string(),
            label: z.string().optional(),
            align: z.enum(["start", "center", "end"]).optional(),
          }),
        )
        .optional(),
      rows: z.array(z.union([z.array(cell), z.record(cell)])),
    })
    .strict(),
};

const ChartApi = {
  name: "Chart",
  schema: z
    .object({
      ...common,
      title: text.optional(),
      unit: text.optional(),
      series: z.array(z.object({ name: z.string(), points: z.array(z.array(cell)) })),
    })
    .strict(),
};

const DiffApi = {
  name: "Diff",
  schema: z.object({ ...common, title: text.optional(), path: text.optional(), patch: text }).strict(),
};

const FactsApi = {
  name: "Facts",
  schema: z
    .object({ ...common, title: text.optional(), items: z.array(z.object({ label: z.string(), value: cell })) })
    .strict(),
};

const ProgressApi = {
  name: "Progress",
  schema: z.object({ ...common, title: text.optional(), value: number, total: number.optional() }).strict(),
};

const LinksApi = {
  name: "Links",
  schema: z
    .object({
      ...common,
      title: text.optional(),
      items: z.array(z.object({ label: z.string(), url: z.string(), what: z.string().optional() })),
    })
    .strict(),
};

const own: ReactComponentImplementation[] = [
  createComponentImplementation(TableApi, ({ props }) => (
    <Table title={props.title} columns={props.columns as Column[] | undefined} rows={props.rows as Row[]} />
  )),
  createComponentImplementation(ChartApi, ({ props }) => (
    <Chart title={props.title} unit={props.unit} series={props.series as Series[]} />
  )),
  createComponentImplementation(DiffApi, ({ props }) => (
    <Diff title={props.title} path={props.path} patch={String(props.patch ?? "")} />
  )),
  createComponentImplementation(FactsApi, ({ props }) => <Facts title={props.title} items={props.items as Fact[]} />),
  createComponentImplementation(LinksApi, ({ props }) => (
    <Links title={props.title} items={props.items as LinkItem[]} />
  )),
  createComponentImplementation(ProgressApi, ({ props }) => (
    <Progress
      title={props.title}
      value={Number(props.value)}
      total={props.total === undefined ? 1 : Number(props.total)}
    />
  )),
];

const restyled = [Text, Button, TextField, CheckBox, ChoicePicker, Slider, DateTimeInput, Card, Divider];
const replaced = new Set(restyled.map((component) => component.name));
const kept = [...basicCatalog.components.values()].filter((component) => !replaced.has(component.name));
const functions = [...basicCatalog.functions.values()];

/** The basic catalog's own id is understood too: an outside agent may know only that one. */
export const catalogs = [catalogId, basicCatalog.id].map(
  (id) => new Catalog(id, [...kept, ...restyled, ...own], functions),
);
