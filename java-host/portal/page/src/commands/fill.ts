// Writes a value into a field as a person would; it never sends, presses or opens anything.

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

const textTypes = new Set([
  "text", "search", "email", "tel", "url", "number", "date", "time", "datetime-local", "month", "week",
]); // prettier-ignore
const yes = new Set(["true", "yes", "on", "1", "是", "✓"]);
const no = new Set(["false", "no", "off", "0", "否", ""]);

/** Why a field was not filled; fit to be shown. */
export class NotPossible extends Error {}

/** The field an anchor stands for: the element itself, or the only one in it. */
function fieldOf(element: HTMLElement): Field {
  if (isField(element)) return element;
  const inside = [...element.querySelectorAll<HTMLElement>("input, textarea, select")].filter(isField);
  if (inside.length === 1) return inside[0]!;
  throw new NotPossible(
    inside.length === 0 ? "It is no field of a form." : "It holds several fields; name one of them.",
  );
}

const isField = (element: HTMLElement): element is Field =>
  element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement;

export function fill(element: HTMLElement, value: string): void {
  const field = fieldOf(element);
  if (field.disabled || field.matches(":disabled")) throw new NotPossible("The field cannot be changed now.");
  if (!(field instanceof HTMLSelectElement) && field.readOnly) throw new NotPossible("The field is read-only.");
  if (field instanceof HTMLSelectElement) choose(field, value);
  else if (field instanceof HTMLInputElement && field.type === "checkbox") tick(field, value);
  else write(field, value);
}

function write(field: HTMLInputElement | HTMLTextAreaElement, value: string): void {
  if (field instanceof HTMLInputElement && !textTypes.has(field.type)) {
    throw new NotPossible(`A field of type ${field.type} is never filled.`);
  }
  if (field.maxLength >= 0 && value.length > field.maxLength) {
    throw new NotPossible(`The field takes at most ${field.maxLength} characters.`);
  }
  set(field, "value", value);
  if (field.value !== value.replace(/\r\n?/g, "\n")) {
    throw new NotPossible(`The field does not take ${JSON.stringify(value.slice(0, 80))}.`);
  }
}

function choose(field: HTMLSelectElement, value: string): void {
  const options = [...field.options].filter((option) => !option.disabled);
  const chosen = options.find((option) => option.value === value) ?? options.find((option) => option.label === value);
  if (!chosen) {
    const names = options.map((option) => option.label || option.value).filter(Boolean);
    throw new NotPossible(`It can be one of: ${names.slice(0, 20).join(", ")}.`);
  }
  set(field, "value", chosen.value);
}

function tick(field: HTMLInputElement, value: string): void {
  const wanted = value.trim().toLowerCase();
  if (!yes.has(wanted) && !no.has(wanted)) throw new NotPossible("A check box takes true or false.");
  set(field, "checked", yes.has(wanted), "click");
}

/** Sets it past frameworks that watch the element's own setter, and tells the page's code as typing would. */
function set(field: Field, name: "value" | "checked", value: string | boolean, event = "input"): void {
  if (event === "click") {
    if ((field as HTMLInputElement).checked !== value) field.click(); // what frameworks listen to; a box sends nothing
    return;
  }
  const owner = Object.getPrototypeOf(field) as object;
  Object.getOwnPropertyDescriptor(owner, name)?.set?.call(field, value);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}
