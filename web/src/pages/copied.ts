// Cells that are chosen together: as text for a spreadsheet, and in one sentence.
import { many, number } from '../parts/format'
import type { Value } from '../grid/windows'

/** Rows with tabs between the values; what holds a tab, a line's end or a quote is quoted, as spreadsheets take it. */
export function tabs(rows: Value[][]): string {
  const text = (value: Value) => {
    const plain = value == null ? '' : String(value)
    return /[\t\n\r"]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
  }
  if (rows.length === 1 && rows[0].length === 1) return String(rows[0][0] ?? '')
  return rows.map((row) => row.map(text).join('\t')).join('\n')
}

/** Rows as a file for spreadsheets. What they would take for a formula is text. */
export function csv(rows: (string | number | null)[][]): string {
  const text = (value: string | number | null) => `"${String(value ?? '').replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`
  return rows.map((row) => `${row.map(text).join(',')}\r\n`).join('')
}

/** How many cells, and the sum of their numbers where all are here. */
export function sumOf(area: { top: number; bottom: number; left: number; right: number }, value: (row: number, column: number) => Value | undefined): string {
  const rows = area.bottom - area.top + 1
  const columns = area.right - area.left + 1
  const said = `${many(rows * columns, 'cell')}, ${number(rows)} × ${number(columns)}`
  if (rows * columns > 100_000) return said
  let sum = 0
  let numbers = 0
  for (let row = area.top; row <= area.bottom; row++)
    for (let column = area.left; column <= area.right; column++) {
      const one = value(row, column)
      if (one === undefined) return said
      if (typeof one === 'number') numbers++, (sum += one)
    }
  return numbers ? `${said} · ${many(numbers, 'number')}, sum ${number(Math.round(sum * 1e6) / 1e6)}` : said
}
