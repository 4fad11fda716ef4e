// Places on the page that have a name: elements with `data-sanca-anchor`, in the document and in the chat's own tree.
// A name is all that is ever looked up; no selector comes from outside.

export const attribute = "data-sanca-anchor";

type Tree = Document | ShadowRoot;

function anchored(tree: Tree): HTMLElement[] {
  return [...tree.querySelectorAll<HTMLElement>(`[${attribute}]`)];
}

/** The names there are now, each once. */
export function anchorNames(trees: Tree[]): string[] {
  const names = trees.flatMap(anchored).map((element) => element.getAttribute(attribute) ?? "");
  return [...new Set(names)].filter((name) => name !== "");
}

/** The element of that name; of several the first that is shown. */
export function anchor(trees: Tree[], name: string): HTMLElement | null {
  const found = trees.flatMap(anchored).filter((element) => element.getAttribute(attribute) === name);
  return found.find(isShown) ?? found[0] ?? null;
}

function isShown(element: HTMLElement): boolean {
  return typeof element.checkVisibility !== "function" || element.checkVisibility();
}
