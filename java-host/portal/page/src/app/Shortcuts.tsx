// The list of keyboard shortcuts, and the ones that work anywhere on the page.
import { useEffect, useRef } from "react";
import { useI18n } from "../i18n/context";
import type { Key } from "../i18n/en";
import { Modal } from "../ui/controls";

const shortcuts: [string[], Key][] = [
  [["Enter"], "shortcutSend"],
  [["Shift", "Enter"], "shortcutNewline"],
  [["Esc"], "shortcutStop"],
  [["/"], "shortcutFocus"],
  [["Alt", "N"], "shortcutNew"],
  [["Alt", "T"], "shortcutTimeline"],
  [["Alt", "F"], "shortcutFleet"],
  [["Ctrl", "Enter"], "shortcutCode"],
  [["?"], "shortcutHelp"],
];

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Modal title={t("shortcuts")} onClose={onClose}>
      <dl className="shortcuts">
        {shortcuts.map(([keys, label]) => (
          <div key={label}>
            <dt>{t(label)}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}

export interface ShortcutActions {
  focus: () => void;
  create: () => void;
  timeline: () => void;
  fleet: () => void;
  help: () => void;
}

export function useShortcuts(actions: ShortcutActions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      const writing = target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
      const name = shortcutOf(event, writing);
      if (!name) return;
      event.preventDefault();
      latest.current[name]();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}

function shortcutOf(event: KeyboardEvent, writing: boolean): keyof ShortcutActions | null {
  if (event.altKey && !event.ctrlKey && !event.metaKey) {
    const byCode: Record<string, keyof ShortcutActions> = { KeyN: "create", KeyT: "timeline", KeyF: "fleet" };
    return byCode[event.code] ?? null;
  }
  if (writing || event.ctrlKey || event.metaKey) return null;
  if (event.key === "/") return "focus";
  return event.key === "?" ? "help" : null;
}
