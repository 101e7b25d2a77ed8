// The explanation of how a run read its input (GET /runs/{id}/explain), and how columns belong together.
import type { Schemas } from '../api/client'
import { columnOf, many, place, ruleText } from '../parts/format'

export type Explained = Schemas['Explanation']
export type Table = Schemas['ExplainedTable']
export type ExplainedColumn = Schemas['ExplainedColumn']
export type Place = Schemas['ExplainedWay']

export interface Region {
  top: number
  left: number
  bottom: number
  right: number
}
/** A turned table has no position; it begins in the first cell. */
export function region(text: string | null): Region {
  const [from, to = from] = (text ?? '').split(':')
  const a = place(from) ?? { row: 1, column: 1 }
  const b = place(to) ?? a
  return { top: a.row, left: a.column, bottom: b.row, right: b.column }
}

/** Returns the table of a row: the one that contains it, else the last one that begins above it, else the first. */
export function tableAt(tables: { table: Table; at: Region }[], row: number) {
  return tables.find(({ at }) => row >= at.top && row <= at.bottom) ?? tables.findLast(({ at }) => at.top <= row) ?? tables[0]
}

/** Returns all columns of the other side that belong to a column: a derived column has several sources. */
export function partnerColumns(table: Table | undefined, side: 'input' | 'output', column: number): number[] {
  const all: number[] = []
  for (const written of table?.output?.columns ?? []) {
    const from = [written.from ?? []].flat().map(columnOf)
    if (side === 'output' && columnOf(written.column) === column) return from
    if (side === 'input' && from.includes(column)) all.push(columnOf(written.column))
  }
  return all
}

export type Issue = Schemas['Issue']

/** Maps the cells of a side (`row * 32768 + column`) to their issues. */
export function marksOf(issues: Issue[], side: 'input' | 'output', sheet: string): Map<number, Issue[]> {
  const marks = new Map<number, Issue[]>()
  for (const issue of issues) {
    const at = spot(issue, side)
    if (!at || (side === 'input' ? issue.sheet : issue.output_sheet) !== sheet) continue
    const key = at.row * 32_768 + at.column
    const known = marks.get(key)
    if (known) known.push(issue)
    else marks.set(key, [issue])
  }
  return marks
}

/** Returns the position of an issue on a side; an issue of a whole row is in its first column. */
export function spot(issue: Issue, side: 'input' | 'output'): { row: number; column: number } | null {
  const cell = side === 'input' ? issue.cell : issue.output
  const found = cell ? place(cell) : null
  if (found) return found
  return side === 'input' && issue.row ? { row: issue.row, column: issue.column ? columnOf(issue.column) : 1 } : null
}

const ORDER = { error: 0, warning: 1, info: 2 }
export const worst = (issues: Issue[]): string => [...issues].sort((x, y) => ORDER[x.severity] - ORDER[y.severity])[0]?.severity ?? ''

/** Counts issues by rule, or by row key, such as person; highest first. */
export function groupedBy(issues: Issue[], of: 'rule' | 'key'): (number | string)[] {
  const rules = new Map<string, number[]>()
  issues.forEach((issue, number) => {
    const name = issue[of] ?? 'of no row'
    rules.get(name)?.push(number) ?? rules.set(name, [number])
  })
  return [...rules].sort(([, written], [, other]) => other.length - written.length).flatMap(([rule, numbers]) => [`${ruleText(rule)} · ${many(numbers.length, 'issue')}`, ...numbers])
}
