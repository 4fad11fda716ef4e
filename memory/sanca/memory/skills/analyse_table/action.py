"""The columns of a CSV file that was sent along."""

import csv
import statistics


def number(cell):
    """Return the number in a cell, or None."""
    try:
        return float(cell.replace(",", "").replace("%", "").strip())
    except ValueError:
        return None


def column(name, cells):
    """Return one line about a column."""
    filled = [cell for cell in cells if cell.strip()]
    numbers = [value for cell in filled if (value := number(cell)) is not None]
    row = {t("Column", "列"): name, t("Filled", "非空"): len(filled)}
    if numbers and len(numbers) >= 0.8 * len(filled):
        return row | {t("Sum", "合计"): f"{sum(numbers):,.6g}", t("Mean", "平均"): f"{statistics.fmean(numbers):,.6g}", t("Median", "中位数"): f"{statistics.median(numbers):,.6g}", t("Min", "最小"): f"{min(numbers):,.6g}", t("Max", "最大"): f"{max(numbers):,.6g}"}
    common = statistics.mode(filled) if filled else ""
    return row | {t("Sum", "合计"): "", t("Mean", "平均"): "", t("Median", "中位数"): t(f"mostly “{shortened(common, 30)}”", f"多为“{shortened(common, 30)}”"), t("Min", "最小"): "", t("Max", "最大"): t(f"{len(set(filled))} kinds", f"{len(set(filled))} 种")}


def summary(path):
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    try:
        dialect = csv.Sniffer().sniff(text[:8192], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows = [row for row in csv.reader(text.splitlines(), dialect) if row]
    if len(rows) < 2:
        return t(f"{path.name} has no rows below its head.", f"{path.name} 除表头外没有数据。")
    head, body = rows[0], rows[1:]
    table = [column(name, [row[at] if at < len(row) else "" for row in body]) for at, name in enumerate(head)]
    card.table(path.name, table)
    return t(f"**{path.name}: {len(body)} rows, {len(head)} columns**", f"**{path.name}：{len(body)} 行，{len(head)} 列**") + "\n\n" + markdown_table(table)


path = chosen_file(file, (".csv", ".tsv"))
summary(path) if path else nothing_sent(file)
