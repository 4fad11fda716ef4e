// The Links card: places to go to, and what for. An address that would run something is shown as text.
import { ArrowRight, ArrowUpRight } from "lucide-react";
import { useI18n } from "../i18n/context";

export interface LinkItem {
  label: string;
  url: string;
  what?: string;
}

/** http, https, mailto, and places of the portal itself; the engine has checked it, and a card may come from elsewhere. */
export function safeAddress(url: string): boolean {
  const barred = [...url].some((sign) => sign <= " " || sign === "\\" || /\s/.test(sign));
  return url.length <= 2000 && !barred && schemes.test(url);
}

const schemes = /^(https?:\/\/[^\s/]|mailto:[^\s]+@|\/(?![/\\])|#)/i;
const isOutside = (url: string): boolean => /^https?:/i.test(url) && new URL(url).origin !== location.origin;

export function Links({ title, items }: { title?: string; items: LinkItem[] }) {
  return (
    <figure className="card-figure" data-testid="card-links">
      {title && <figcaption>{title}</figcaption>}
      <ul className="links">
        {items.map((item, index) => (
          <li key={`${index} ${item.url}`}>
            {safeAddress(item.url) ? <Followed item={item} /> : <Plain item={item} />}
          </li>
        ))}
      </ul>
    </figure>
  );
}

function Followed({ item }: { item: LinkItem }) {
  const { t } = useI18n();
  const outside = isOutside(item.url);
  return (
    <a href={item.url} {...(outside ? { target: "_blank", rel: "noopener noreferrer" } : {})}>
      <Words item={item} where={whereOf(item.url)} />
      {outside ? (
        <>
          <ArrowUpRight size={14} aria-hidden />
          <span className="hidden-visually">{t("newTab")}</span>
        </>
      ) : (
        <ArrowRight size={14} aria-hidden />
      )}
    </a>
  );
}

const Plain = ({ item }: { item: LinkItem }) => (
  <span className="links-plain">
    <Words item={item} where={item.url} />
  </span>
);

function Words({ item, where }: { item: LinkItem; where: string }) {
  return (
    <span>
      <b>{item.label}</b>
      {item.what && <span className="links-what">{item.what}</span>}
      <span className="links-where mono">{where}</span>
    </span>
  );
}

/** Where it leads, in short: who reads it must see the host. */
function whereOf(url: string): string {
  if (!/^https?:/i.test(url)) return url.replace(/^mailto:/i, "");
  const { host, pathname } = new URL(url);
  return pathname === "/" ? host : `${host}${pathname}`;
}
