// The card renderer, loaded when the first card comes: it is a third of all scripts, and no first paint needs it.
import { lazy, Suspense, type ComponentProps } from "react";
import type { Surface } from "./Surface";

const load = () => import("./Surface");
const Loaded = lazy(async () => ({ default: (await load()).Surface }));

/** Fetches the renderer ahead, so that no card waits for it. */
export function preloadSurface(): void {
  load().catch(() => undefined); // the first card tries again, and says what is wrong
}

export function LazySurface(props: ComponentProps<typeof Surface>) {
  return (
    <Suspense fallback={<div className="surface-loading" />}>
      <Loaded {...props} />
    </Suspense>
  );
}
