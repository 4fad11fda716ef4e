// Small controls used everywhere: icon button, menu, dialog, copy button, fold, spinner.
import { Check, ChevronRight, Copy, LoaderCircle, X, type LucideIcon } from "lucide-react";
import {
  useEffect,
  useRef,
  useState,
  type ButtonHTMLAttributes,
  type KeyboardEvent,
  type ReactNode,
  type SyntheticEvent,
} from "react";
import { useI18n } from "../i18n/context";

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: LucideIcon;
  label: string;
  small?: boolean;
}

export function IconButton({ icon: Icon, label, small, className = "", ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`icon-button ${small ? "small" : ""} ${className}`}
      {...rest}
    >
      <Icon size={small ? 14 : 16} strokeWidth={1.9} aria-hidden />
    </button>
  );
}

export function Spinner({ size = 14 }: { size?: number }) {
  return <LoaderCircle size={size} className="spin" aria-hidden />;
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useI18n();
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await copyText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <IconButton
      small
      icon={copied ? Check : Copy}
      label={copied ? t("copied") : (label ?? t("copy"))}
      onClick={() => void copy()}
    />
  );
}

/** The clipboard API exists only in secure contexts; a plain-HTTP portal still wants to copy. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

interface MenuProps {
  trigger: (props: { onClick: () => void; "aria-expanded": boolean; "aria-haspopup": "menu" }) => ReactNode;
  placement?: "up" | "down";
  align?: "start" | "end";
  children: ReactNode;
}

/** A menu beside its trigger: arrow keys move, Escape closes and gives the focus back. */
export function Menu({ trigger, placement = "down", align = "end", children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const root = anchor.current?.getRootNode() as Document | ShadowRoot;
    const outside = (event: Event): void => {
      if (!anchor.current?.contains(event.target as Node)) setOpen(false);
    };
    root.addEventListener("pointerdown", outside);
    anchor.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    return () => root.removeEventListener("pointerdown", outside);
  }, [open]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      setOpen(false);
      anchor.current?.querySelector<HTMLElement>("[aria-haspopup]")?.focus();
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      moveFocus(anchor.current!, event.key === "ArrowDown" ? 1 : -1);
    }
  };
  return (
    <div className="menu-anchor" ref={anchor} onKeyDown={onKeyDown} role="presentation">
      {trigger({ onClick: () => setOpen(!open), "aria-expanded": open, "aria-haspopup": "menu" })}
      {open && (
        <div className={`menu ${placement} ${align}`} role="menu" tabIndex={-1} onClick={() => setOpen(false)}>
          {children}
        </div>
      )}
    </div>
  );
}

function moveFocus(anchor: HTMLElement, step: number): void {
  const entries = [...anchor.querySelectorAll<HTMLElement>("[role=menuitem]")];
  const active = (anchor.getRootNode() as Document | ShadowRoot).activeElement as HTMLElement;
  entries[(entries.indexOf(active) + step + entries.length) % entries.length]?.focus();
}

export function MenuItem({
  icon: Icon,
  children,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { icon: LucideIcon }) {
  return (
    <button type="button" role="menuitem" tabIndex={-1} {...rest}>
      <Icon size={15} aria-hidden className="tone-muted" />
      {children}
    </button>
  );
}

interface ModalProps {
  title: string;
  kind?: "drawer" | "drawer left" | "small";
  onClose: () => void;
  children: ReactNode;
  bare?: boolean;
  testId?: string;
}

/** A native dialog: focus trap, Escape and backdrop by the browser, and it stays inside a shadow root. */
export function Modal({ title, kind = "small", onClose, children, bare, testId }: ModalProps) {
  const { t } = useI18n();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current!;
    if (!element.open) element.showModal();
    element.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => element.close();
  }, []);
  const onBackdrop = (event: SyntheticEvent): void => {
    if (event.target === dialog.current) onClose();
  };
  return (
    <dialog
      ref={dialog}
      className={kind}
      aria-label={title}
      data-testid={testId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={onBackdrop}
    >
      {bare ? (
        children
      ) : (
        <>
          <div className="dialog-head">
            <h2>{title}</h2>
            <IconButton icon={X} label={t("close")} onClick={onClose} />
          </div>
          <div className="dialog-body">{children}</div>
        </>
      )}
    </dialog>
  );
}

export function Confirm(props: {
  title: string;
  text: string;
  action: string;
  onYes: () => void;
  onClose: () => void;
}) {
  const { t } = useI18n();
  return (
    <Modal title={props.title} onClose={props.onClose}>
      <p className="tone-muted">{props.text}</p>
      <div className="dialog-actions">
        <button type="button" className="button" data-autofocus onClick={props.onClose}>
          {t("cancel")}
        </button>
        <button
          type="button"
          className="button danger"
          onClick={() => {
            props.onYes();
            props.onClose();
          }}
        >
          {props.action}
        </button>
      </div>
    </Modal>
  );
}

export function Fold({ label, children }: { label: string; children: ReactNode }) {
  return (
    <details className="fold">
      <summary>
        <ChevronRight size={14} aria-hidden />
        {label}
      </summary>
      {children}
    </details>
  );
}
