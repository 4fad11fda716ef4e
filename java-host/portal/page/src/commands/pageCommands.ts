// Carries out what a run asks of the page: open a place, show where something is, fill a field. Nothing else.
import { anchor, anchorNames } from "./anchors";
import { fill, NotPossible } from "./fill";

export interface PageCommand {
  id: string;
  run_id: string;
  seq: number;
  command: "open" | "highlight" | "fill";
  target: string;
  value: string;
}

/** What became of a command (contracts page, section 11). */
export interface PageReply {
  commandId: string;
  ok: boolean;
  reason: "" | "not_there" | "not_possible" | "failed";
  detail: string;
  targets: string[];
}

/** Opens places of this page by name; returns false for a name it does not know. */
export interface Opener {
  targets: () => string[];
  open: (target: string) => boolean | Promise<boolean>;
}

export interface PageTools {
  /** Where named places are looked for: the document, and the chat's own tree. */
  trees: () => (Document | ShadowRoot)[];
  opener: Opener;
  /** Said aloud to who cannot see it. */
  announce: (command: PageCommand) => void;
  /** Leads to another address of this origin, after the command was answered. */
  leave?: (url: string) => void;
}

const mostTargets = 200;

export async function carryOut(command: PageCommand, tools: PageTools): Promise<PageReply> {
  const reply = (ok: boolean, rest: Partial<PageReply> = {}): PageReply => ({
    commandId: command.id,
    ok,
    reason: "",
    detail: "",
    targets: [],
    ...rest,
  });
  try {
    const done = await act(command, tools);
    if (done) tools.announce(command);
    return done ? reply(true) : reply(false, { reason: "not_there", targets: targetsOf(command, tools) });
  } catch (error) {
    const reason = error instanceof NotPossible ? "not_possible" : "failed";
    return reply(false, { reason, detail: (error as Error).message });
  }
}

async function act(command: PageCommand, tools: PageTools): Promise<boolean> {
  const { target } = command;
  if (command.command === "open" && (await tools.opener.open(target))) return true;
  if (command.command === "open" && isAddress(target)) return follow(target, tools);
  const element = anchor(tools.trees(), target);
  if (!element) return false;
  if (command.command === "fill") {
    fill(element, command.value);
    show(element);
    return true;
  }
  if (command.command === "highlight") return show(element);
  return openAnchor(element, tools);
}

function targetsOf(command: PageCommand, tools: PageTools): string[] {
  const opened = command.command === "open" ? tools.opener.targets() : [];
  return [...new Set([...opened, ...anchorNames(tools.trees())])].slice(0, mostTargets);
}

const isAddress = (target: string): boolean => /^(\/(?![/\\])|#\/?)/.test(target);

/** Follows an address of this origin only. */
function follow(target: string, { leave }: PageTools): boolean {
  const url = new URL(target, location.href);
  if (url.origin !== location.origin) throw new NotPossible("Only addresses of this page's own origin are opened.");
  if (url.pathname === location.pathname && url.search === location.search) {
    location.hash = url.hash;
    return true;
  }
  if (!leave) throw new NotPossible("This page opens no other addresses.");
  leave(url.href);
  return true;
}

/** Asks the portal to open it (`sanca-open`, to be prevented by who does it); else a link of this origin is followed. */
function openAnchor(element: HTMLElement, tools: PageTools): boolean {
  const target = element.getAttribute("data-sanca-anchor") ?? "";
  const asked = new CustomEvent("sanca-open", { bubbles: true, composed: true, cancelable: true, detail: { target } });
  if (!element.dispatchEvent(asked)) return show(element);
  if (element instanceof HTMLDetailsElement) element.open = true;
  const link = element instanceof HTMLAnchorElement ? element.getAttribute("href") : null;
  if (link !== null) return follow(link, tools);
  return show(element);
}

const shownFor = 4000;

/** Brings it into view and draws a ring into its edge, for a while; by animation, so that no style of the portal gets in its way. */
function show(element: HTMLElement): true {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView?.({ block: "center", behavior: calm ? "auto" : "smooth" });
  element.setAttribute("data-sanca-shown", "");
  const ring = { outline: "3px solid #4766dc", outlineOffset: "-3px" };
  const faded = { ...ring, outlineColor: "rgb(71 102 220 / 25%)" };
  element.animate?.(calm ? [ring, ring] : [ring, faded, ring, faded, ring, faded, ring], { duration: shownFor });
  setTimeout(() => element.removeAttribute("data-sanca-shown"), shownFor);
  return true;
}
