// Moves between issues: the current issue, and the next one from the current cell.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Cell } from '../grid/pane'
import { letters, number, place, toast } from '../parts'
import { amend, query } from '../router'
import { spot, type Issue } from './explained'
import type { useIssues } from './issues'
import type { Asked } from './result-scene'

/** Returns the cell that an address names. */
export function chosenOf(query: URLSearchParams): Cell | null {
  const found = place(query.get('cell') ?? '')
  return found && { side: query.get('side') === 'output' ? 'output' : 'input', ...found }
}
export const choose = (cell: Cell, sheet: string) => amend({ cell: `${letters(cell.column)}${cell.row}`, side: cell.side === 'output' ? 'output' : null, sheet })

export function isAt(issue: Issue, cell: Cell, sheet: string): boolean {
  const at = spot(issue, cell.side)
  return !!at && at.row === cell.row && at.column === cell.column && (cell.side === 'input' ? issue.sheet === sheet : true)
}

/** `toInput` returns the sender's row of a cell; `jumped` is called after a key moved to another issue. */
export function useWalk({ sheet, seen, mode }: Asked, { issues, more, busy, total, load }: ReturnType<typeof useIssues>, toInput: (cell: Cell) => number, jumped: () => void) {
  const current = useRef<Issue | null>(null)
  const later = useRef<1 | -1 | 0>(0)
  const [, draw] = useState<Issue | null>(null)
  // A cell may have several issues, and an issue no cell, so the current issue is stored.
  const numberOf = (cell: Cell | null, on: string) => {
    const issue = current.current
    const fits = issue && (cell ? isAt(issue, cell, on) : !spot(issue, 'input') && issue.sheet === on)
    const kept = fits ? issues.indexOf(issue) : -1
    return kept >= 0 ? kept : cell ? issues.findIndex((issue) => isAt(issue, cell, on)) : -1
  }
  const show = (issue: Issue) => {
    draw((current.current = issue))
    const out = mode === 'output' && spot(issue, 'output')
    const at = out || spot(issue, 'input')
    if (at) choose({ side: out ? 'output' : 'input', ...at }, issue.sheet)
    else amend({ sheet: issue.sheet, cell: null })
  }
  const step = (by: 1 | -1) => {
    if (!issues.length && busy) return void (later.current = by)
    if (!issues.length) return toast(total ? 'No issue matches the filters.' : 'This run has no issues.')
    // Starts from the current address: the next key may come before the last change is drawn.
    const cell = chosenOf(query.peek())
    const on = query.peek().get('sheet') ?? sheet
    const from = numberOf(cell, on)
    // More issues follow the last loaded one.
    if (by > 0 && more > 0 && from === issues.length - 1) {
      if (!busy) load()
      return toast(`The next of ${number(more)} more issues are being loaded.`)
    }
    let next = from + by
    if (from < 0 && cell) {
      const order = seen.findIndex((candidate) => candidate.name === on)
      const row = toInput(cell)
      const after = issues.findIndex((issue) => {
        const where = seen.findIndex((candidate) => candidate.name === issue.sheet)
        return where > order || (where === order && (spot(issue, 'input')?.row ?? 0) > row)
      })
      next = by > 0 ? (after < 0 ? 0 : after) : (after < 0 ? issues.length : after) - 1
    } else if (from < 0) next = by > 0 ? 0 : issues.length - 1
    show(issues[(next + issues.length) % issues.length])
    jumped()
  }
  // Pressed before the first issue was loaded.
  useEffect(() => {
    const by = later.current
    if (!by || (busy && !issues.length)) return
    later.current = 0
    step(by)
  }, [issues, busy])
  return { at: numberOf(chosenOf(query.value), sheet), show, step }
}
