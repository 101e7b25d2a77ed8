// How a run's sheet looks in its grid: the table found in it, the fate of its columns, and the issues of its cells.
import type { Run, Schemas } from '../api/client'
import type { Chip, Pane } from '../grid/pane'
import type { Side } from '../grid/windows'
import { letters, listed } from '../parts'
import { worst, type Issue, type Region, type Table } from './explained'

/** A table and its position in the sheets of both sides. */
export interface Placed {
  table: Table
  at: Region
  out: Region | null
}

/** The user's column layout for a configuration's sheets. A sheet named after its file, such as that of a .csv, has another name each month. */
const layoutKey = (run: Run, side: Side, sheet: string) => `ade.columns.${run.configuration_id} ${side} ${run.input.name.startsWith(sheet) ? '' : sheet}`
export const keepLayout = (run: Run, { side, sheet, layout }: Pane) => localStorage.setItem(layoutKey(run, side, sheet), JSON.stringify(layout))

/** The caption above a column: the field that it became, or its source column. */
function chipOf(side: Side, column: number, table: Table | undefined): Chip | null {
  const letter = letters(column)
  if (side === 'input') {
    const found = table?.columns.find((column) => column.column === letter)
    if (!found) return null
    if (!found.field) return { text: 'no field', note: '', title: `${letter} has no field: ${found.unmapped_because}`, none: true }
    const score = (found.score ?? 0).toFixed(2)
    return { text: `→ ${found.field}`, note: score, title: `${letter} is mapped to ${found.field}, score ${score}`, none: false }
  }
  const found = table?.output?.columns.find((column) => column.column === letter)
  if (!found) return null
  const from = [found.from ?? []].flat()
  if (!from.length) return { text: 'from no column', note: '', title: `${found.header} comes from none of the sender’s columns`, none: true }
  const name = table?.columns.find((column) => column.column === from[0])?.name ?? ''
  return { text: `← ${from.join(' ')} ${name}`, note: '', title: `${found.header} comes from column ${from.join(', ')}`, none: false }
}

/** `now` returns the selected cell's table and the issues of each cell when a cell is drawn. */
export function paneOf(run: Run, side: Side, size: Schemas['Sheet'], widths: number[], tables: Placed[], chips: boolean, now: () => { current: Table | undefined; marks: Record<Side, Map<number, Issue[]>> }): Pane {
  const isInput = side === 'input'
  const issuesAt = (row: number, column: number) => now().marks[side].get(row * 32_768 + column)
  const places = tables.flatMap(({ at, out }) => (isInput ? at : (out ?? [])))
  const headers = new Set(isInput ? tables.flatMap(({ table }) => table.header_rows?.rows ?? []) : places.map(({ top }) => top))
  const placeAt = (row: number) => places.find(({ top, bottom }) => row >= top && row <= bottom)
  return {
    side,
    sheet: size.name,
    label: `${isInput ? 'Sender’s sheet' : 'Normalized'} ${size.name}`,
    rows: size.rows ?? 0,
    columns: size.columns ?? 0,
    widths,
    layout: JSON.parse(localStorage.getItem(layoutKey(run, side, size.name)) ?? '{"own":{},"held":0}'),
    rowClass(row) {
      const at = isInput ? placeAt(row) : null
      return listed([headers.has(row) && 'header', isInput && places.length && !at && 'outside', at?.top === row && 'edge-top', at?.bottom === row && 'edge-bottom'], ' ')
    },
    spills: (row) => isInput && !placeAt(row),
    cellClass(row, column) {
      const kinds: string[] = []
      const found = issuesAt(row, column)
      if (found) kinds.push(worst(found))
      const at = isInput ? placeAt(row) : null
      if (at && column >= at.left && column <= at.right) {
        kinds.push('inside')
        if (column === at.left) kinds.push('edge-left')
        if (column === at.right) kinds.push('edge-right')
      }
      if (isInput && now().current?.columns.find((known) => known.column === letters(column))?.field === null) kinds.push('unmapped')
      return kinds.join(' ')
    },
    instead: (row, column) => (!isInput && issuesAt(row, column)?.some((issue) => issue.value && !issue.written) ? 'empty' : null),
    describe: (row, column) => issuesAt(row, column)?.map((issue) => `${issue.severity}: ${issue.message}`).join('; ') ?? '',
    chip: (column) => (chips ? chipOf(side, column, now().current) : null),
  }
}
