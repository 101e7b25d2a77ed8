// The two grids of a result: aligned rows, marks, and user actions.
import { useEffect, useMemo, useRef, useState, type MutableRef } from 'preact/hooks'
import type { Run } from '../api/client'
import { aligned, apart, only, partnerRow, type Lines } from '../grid/lines'
import type { Area, Cell } from '../grid/pane'
import { GridView } from '../grid/view'
import { otherOf, type Side, type Windows } from '../grid/windows'
import { query } from '../router'
import { marksOf, partnerColumns, region, tableAt, type Issue } from './explained'
import { keepLayout, paneOf, type Placed } from './result-pane'
import type { Asked, Loaded, Scene } from './result-scene'
import { choose, chosenOf } from './result-walk'

/** The lines of both sides, and the cells that belong together. */
export function useRows(run: Run, loaded: Loaded, { seen, sheet, isOwn, mode }: Asked, scene: Scene | null, issues: Issue[], total: number, align: boolean) {
  const [shift, setShift] = useState(0)
  useEffect(() => setShift(0), [run.id, sheet, isOwn])
  const tables = useMemo(() => (loaded.explained?.tables ?? []).filter((table) => table.sheet === sheet).map((table): Placed => ({ table, at: region(table.region), out: table.output ? region(table.output.range) : null })), [loaded, sheet])
  const sizeOf = (side: Side) => (side === 'input' ? seen.find((candidate) => candidate.name === sheet) : loaded.output.find((candidate) => candidate.name === scene?.partner))
  const canAlign = !!scene && !scene.why && !!scene.partner && !isOwn
  const isAligned = canAlign && align && mode === 'both'
  // Independent of whether both sides are shown.
  const beside = useMemo(() => (canAlign ? aligned(scene!.segments!, sizeOf('input')?.rows ?? 0, sizeOf('output')?.rows ?? 0) : null), [scene, canAlign])
  const marks = useMemo(
    () => ({ input: marksOf(issues, 'input', isOwn ? '' : sheet), output: marksOf(issues, 'output', scene?.partner ?? '') }),
    [issues, sheet, scene],
  )
  // If rows are not aligned, lines can't be left out on both sides at once.
  const canOnly = total > 0 && mode !== 'issues' && (isAligned || mode !== 'both')
  const isOnly = canOnly && query.value.get('only') === '1'
  const lines = useMemo((): Lines | null => {
    if (!scene) return null
    const rows = { input: (mode !== 'output' && sizeOf('input')?.rows) || 0, output: (mode !== 'input' && sizeOf('output')?.rows) || 0 }
    const all = isAligned ? beside! : apart(rows.input, rows.output, mode === 'both' ? shift : 0)
    if (!isOnly) return all
    const side = mode === 'output' ? 'output' : 'input'
    const heads = side === 'output' ? [1] : tables.flatMap(({ table }) => table.header_rows?.rows ?? [])
    return only(all, side, [...heads, ...[...marks[side].keys()].map((key) => Math.floor(key / 32_768))])
  }, [scene, isAligned, beside, shift, mode, isOnly && marks])
  const chosen = chosenOf(query.value)
  const tableOf = ({ side, row }: Cell) => (side === 'input' ? tableAt(tables, row) : (tables.find(({ out }) => out && row >= out.top && row <= out.bottom) ?? tables[0]))
  const current = (chosen ? tableOf(chosen) : tables[0])?.table
  const rowBeside = ({ side, row }: Cell) => {
    if (!canAlign) return partnerRow(scene?.segments ?? null, side, row)
    return beside!.at(beside!.of(side, row))[otherOf(side)]
  }
  const partnerOf = (cell: Cell): Cell | null => {
    const [row, column] = [rowBeside(cell), partnerColumns(current, cell.side, cell.column)[0]]
    return row && column ? { side: otherOf(cell.side), row, column } : null
  }
  return { tables, sizeOf, canAlign, isAligned, beside, marks, canOnly, isOnly, lines, chosen, current, shift, setShift, partner: chosen && scene && partnerOf(chosen) }
}

/** The grids while they are shown. `moved` is called when other lines become visible. */
export function useGrid(grid: MutableRef<GridView | null>, run: Run, { isOwn, mode, sheet }: Asked, scene: Scene | null, rows: ReturnType<typeof useRows>, windows: Windows, picked: (area: Area | null) => void, moved: (from: number, to: number) => void) {
  const holder = useRef<HTMLDivElement>(null)
  const { lines, beside, isAligned, marks, current, chosen, shift } = rows
  const held = useRef({ marks, current, moved })
  held.current = { marks, current, moved }
  useEffect(() => grid.current?.redraw(), [marks, current])
  useEffect(() => {
    if (!scene || !lines || !holder.current) return
    const chipRow = (side: Side) => (side === 'input' ? (held.current.current?.header_rows?.rows.at(-1) ?? 1) : 1)
    const view = new GridView(holder.current, windows, {
      choose: (cell) => choose(cell, sheet),
      picked,
      chip: (side, column) => choose({ side, row: chipRow(side), column }, sheet),
      laid: (pane) => keepLayout(run, pane),
      moved: (from, to) => held.current.moved(from, to),
    })
    view.partners = (side, column) => partnerColumns(held.current.current, side, column)
    view.partnerRow = (side, row) => partnerRow(scene.segments, side, row)
    const sides = (['input', 'output'] as const).filter((side) => (side === 'input' ? mode !== 'output' : mode !== 'input' && scene.partner))
    view.show(sides.map((side) => paneOf(run, side, rows.sizeOf(side)!, scene.widths[side], rows.tables, !isOwn, () => held.current)), lines)
    grid.current = view
    const cell = chosenOf(query.peek())
    if (cell) view.choose(cell)
    return () => (view.destroy(), (grid.current = null), picked(null))
  }, [scene, beside, isAligned, mode])
  useEffect(() => void (lines && grid.current?.setLines(lines)), [lines])
  useEffect(() => {
    if (!chosen || !grid.current) return
    if (scene && lines && !lines.aligned && mode === 'both') {
      const row = partnerRow(scene.segments, chosen.side, chosen.row)
      const next = row ? (chosen.side === 'input' ? row - chosen.row : chosen.row - row) : shift
      if (next !== shift) return rows.setShift(next)
    }
    // Uses the current address: a held key is ahead of what is drawn.
    grid.current.choose(chosenOf(query.peek()))
  }, [query.value.get('cell'), query.value.get('side'), scene, lines])
  return holder
}
