// A way to a call: opens the timeline with that call in view.
import { createContext, useContext, type ReactNode } from "react";
import { useI18n } from "../i18n/context";

/** Opens the timeline at a call; null where there is none to open. */
export const CallLinks = createContext<((callId: string) => void) | null>(null);

export function CallLink({ callId, children, tone = "" }: { callId: string; children: ReactNode; tone?: string }) {
  const { t } = useI18n();
  const open = useContext(CallLinks);
  if (!open) return <span className={`call-link ${tone}`}>{children}</span>;
  return (
    <button
      type="button"
      className={`call-link ${tone}`}
      data-testid="call-link"
      data-call={callId}
      title={t("showCall")}
      onClick={() => open(callId)}
    >
      {children}
    </button>
  );
}
