// The Table card: sortable columns, scrolls inside itself.
import { ArrowDown, ArrowUp } from "lucide-react";
import { useMemo, useState } from "react";
import { useI18n } from "../i18n/context";

export interface Column {
  key: string;
  label?: string;
  align?: "start" | "center" | "end";
}
export type Cell = string | number | boolean | null | undefined;
export type Row = Cell[] | Record<string, Cell>;

interface Sorting {
  column: number;
  down: boolean;
}

const firstRows = 100;

export function Table({ title, columns, rows }: { title?: string; columns?: Column[]; rows: Row[] }) {
  const { t, number, text } = useI18n();
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const [all, setAll] = useState(false);
  const heads = useMemo(() => columns ?? columnsOf(rows), [columns, rows]);
  const body = useMemo(
    () =>
      sorted(
        rows.map((row) => cells(row, heads)),
        sorting,
      ),
    [rows, heads, sorting],
  );
  const aligns = heads.map((head, index) => head.align ?? (numeric(body, index) ? "end" : "start"));
  const sortBy = (column: number): void =>
    setSorting((now) => (now?.column !== column ? { column, down: false } : now.down ? null : { column, down: true }));
  const show = (cell: Cell): string =>
    typeof cell === "number"
      ? number(cell, 3)
      : cell === null || cell === undefined
        ? "–"
        : typeof cell === "boolean"
          ? cell
            ? "✓"
            : "✗"
          : text(cell);
  return (
    <figure className="card-figure" data-testid="card-table">
      {title && <figcaption>{title}</figcaption>}
      <div className="scroll-x data-table">
        <table>
          <thead>
            <tr>
              {heads.map((head, index) => (
                <th
                  key={head.key}
                  className={aligns[index]}
                  aria-sort={sorting?.column === index ? (sorting.down ? "descending" : "ascending") : "none"}
                >
                  <button
                    type="button"
                    onClick={() => sortBy(index)}
                    title={t("sortBy", { column: head.label ?? head.key })}
                  >
                    {head.label ?? head.key}
                    {sorting?.column === index &&
                      (sorting.down ? <ArrowDown size={12} aria-hidden /> : <ArrowUp size={12} aria-hidden />)}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(all ? body : body.slice(0, firstRows)).map((row, index) => (
              // eslint-disable-next-line react/no-array-index-key -- rows have no identity of their own
              <tr key={index}>
                {row.map((cell, column) => (
                  <td key={heads[column]!.key} className={`${aligns[column]} ${typeof cell === "number" ? "num" : ""}`}>
                    {show(cell)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {body.length === 0 && <p className="card-empty">{t("noRows")}</p>}
      </div>
      {!all && body.length > firstRows && (
        <button type="button" className="button ghost small" onClick={() => setAll(true)}>
          {t("showAllRows", { count: body.length })}
        </button>
      )}
    </figure>
  );
}

function columnsOf(rows: Row[]): Column[] {
  const first = rows[0];
  if (!first) return [];
  return Array.isArray(first)
    ? first.map((_, index) => ({ key: String(index + 1) }))
    : Object.keys(first).map((key) => ({ key }));
}

function cells(row: Row, heads: Column[]): Cell[] {
  return heads.map((head, index) => (Array.isArray(row) ? row[index] : row[head.key]));
}

function numeric(rows: Cell[][], column: number): boolean {
  return rows.length > 0 && rows.every((row) => typeof row[column] === "number" || row[column] == null);
}

function sorted(rows: Cell[][], sorting: Sorting | null): Cell[][] {
  if (!sorting) return rows;
  const sign = sorting.down ? -1 : 1;
  return rows.toSorted((left, right) => sign * compare(left[sorting.column], right[sorting.column]));
}

function compare(left: Cell, right: Cell): number {
  if (left == null || right == null) return left == null ? (right == null ? 0 : 1) : -1;
  if (typeof left === "number" && typeof right === "number") return left - right;
  return String(left).localeCompare(String(right), undefined, { numeric: true });
}
