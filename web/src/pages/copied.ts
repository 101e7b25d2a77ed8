// The selected cells as text for a spreadsheet, and their summary in one sentence.
import { many, number } from '../parts/format'
import type { Value } from '../grid/windows'

/** Returns rows with tabs between the values; values with a tab, a line end or a quote are quoted as in spreadsheets. */
export function tabs(rows: Value[][]): string {
  const text = (value: Value) => {
    const plain = value == null ? '' : String(value)
    return /[\t\n\r"]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
  }
  if (rows.length === 1 && rows[0].length === 1) return String(rows[0][0] ?? '')
  return rows.map((row) => row.map(text).join('\t')).join('\n')
}

/** Returns rows as a file for spreadsheets. Text that would be read as a formula stays text. */
export function csv(rows: (string | number | null)[][]): string {
  const text = (value: string | number | null) => `"${String(value ?? '').replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`
  return rows.map((row) => `${row.map(text).join(',')}\r\n`).join('')
}

/** Returns the number of cells, and the sum of their numbers if all are loaded. */
export function sumOf(area: { top: number; bottom: number; left: number; right: number }, value: (row: number, column: number) => Value | undefined): string {
  const rows = area.bottom - area.top + 1
  const columns = area.right - area.left + 1
  const said = `${many(rows * columns, 'cell')}, ${number(rows)} × ${number(columns)}`
  if (rows * columns > 100_000) return said
  let sum = 0
  let numbers = 0
  for (let row = area.top; row <= area.bottom; row++)
    for (let column = area.left; column <= area.right; column++) {
      const content = value(row, column)
      if (content === undefined) return said
      if (typeof content === 'number') numbers++, (sum += content)
    }
  return numbers ? `${said} · ${many(numbers, 'number')}, sum ${number(Math.round(sum * 1e6) / 1e6)}` : said
}
