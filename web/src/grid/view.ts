// Two grids with one vertical scroller: the visible lines, the selected cell, and the keys that move between cells.
import type { Lines } from './lines'
import { HEADS, make, OVERSCAN, PaneView, ROW, same, type Area, type Cell, type Pane } from './pane'
import type { Side, Windows } from './windows'
import { separator } from '../parts/separator'

/** Browsers lay out about 33 million px; above 16 million the scroll bar is scaled. */
const TALLEST = 16_000_000
/** Rows are positioned at multiples of this, so that their positions stay small numbers. */
const BASE = 4096

export interface Handlers {
  choose(cell: Cell): void
  picked(area: Area | null): void
  chip(side: Side, column: number): void
  moved(first: number, last: number): void
  laid(pane: Pane): void
}

export class GridView {
  lines: Lines
  chosen: Cell | null = null
  chosenLine = -1
  /** The first cell of the selection, and all its cells. */
  private corner: Cell | null = null
  area: Area | null = null
  private scroller = make('grid-scroller')
  private tall = make('grid-tall', undefined, this.scroller)
  private sight = make('grid-view', undefined, this.tall)
  private panes: PaneView[] = []
  private stamp = 0
  private frame = 0
  private scale = 1
  private height = 0
  private top = 0
  private watch = new ResizeObserver(() => this.ask())
  /** Returns the columns of the other side that belong to a column. */
  partners: (side: Side, column: number) => number[] = () => []
  partnerRow: (side: Side, row: number) => number = () => 0

  constructor(
    parent: HTMLElement,
    readonly windows: Windows,
    readonly on: Handlers,
  ) {
    this.lines = { total: 0, aligned: false, at: () => ({ input: 0, output: 0, why: '' }), of: () => 0 }
    this.scroller.tabIndex = -1
    parent.prepend(this.scroller)
    this.scroller.addEventListener('scroll', () => this.ask(), { passive: true })
    this.watch.observe(this.scroller)
  }

  destroy() {
    this.watch.disconnect()
    cancelAnimationFrame(this.frame)
    this.scroller.remove()
  }

  show(panes: Pane[], lines: Lines) {
    const keep = this.panes.map((pane) => [pane.pane.side, pane.wide.scrollLeft] as const)
    this.lines = lines
    this.panes = panes.map((pane) => new PaneView(this, pane))
    const [first, second] = this.panes.map((pane) => pane.element)
    this.sight.replaceChildren(...(second ? [first, this.between(first), second] : [first]))
    for (const [side, left] of keep) for (const pane of this.panes) if (pane.pane.side === side) pane.wide.scrollLeft = left
    this.redraw()
  }

  private between(first: HTMLElement): HTMLElement {
    return separator({ name: 'sheets', label: 'Width of the sender’s sheet', holder: () => this.scroller.closest('.pane'), property: '--first', pane: () => first, moved: () => this.redraw() })
  }

  setLines(lines: Lines) {
    this.lines = lines
    this.redraw()
  }

  /** Redraws everything visible after values or marks changed. */
  redraw() {
    this.stamp++
    this.ask()
  }

  ask() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0
      this.draw()
    })
  }

  rowOn(side: Side, cell: Cell): number {
    if (cell.side === side) return cell.row
    if (!this.lines.aligned) return this.partnerRow(cell.side, cell.row)
    return this.lines.at(this.lines.of(cell.side, cell.row))[side]
  }

  /** Returns the columns of a side that belong to a cell. */
  columnsOn(side: Side, cell: Cell): number[] {
    return cell.side === side ? [cell.column] : this.partners(cell.side, cell.column)
  }

  columnOn(side: Side, cell: Cell): number {
    return this.columnsOn(side, cell)[0] ?? 0
  }

  choose(cell: Cell | null, from = same(cell, this.chosen) ? this.corner : null) {
    this.chosen = cell
    this.corner = from
    const area = cell && from?.side === cell.side && !same(from, cell) ? { side: cell.side, top: Math.min(from.row, cell.row), bottom: Math.max(from.row, cell.row), left: Math.min(from.column, cell.column), right: Math.max(from.column, cell.column) } : null
    if (area || this.area) this.on.picked(area)
    this.area = area
    this.chosenLine = cell ? this.lines.of(cell.side, cell.row) : -1
    if (cell) {
      this.reveal(this.chosenLine)
      for (const pane of this.panes) {
        const column = this.columnOn(pane.pane.side, cell)
        if (column && column <= pane.pane.columns) pane.reveal(column)
      }
    }
    this.redraw()
  }

  /** Selects a cell at once and then reports it, because the next key may come before listeners react. */
  pick(cell: Cell, from: Cell | null = null) {
    this.choose(cell, from)
    this.on.choose(cell)
  }

  /** Returns the first cell of the selection on a side. */
  cornerOn(side: Side): Cell | null {
    if (this.corner?.side === side) return this.corner
    const row = this.chosen && this.rowOn(side, this.chosen)
    return row ? { side, row, column: this.columnOn(side, this.chosen!) || 1 } : null
  }

  /** Returns the row of a side at a position on the page. */
  rowAt(side: Side, y: number): number {
    const line = Math.floor((this.top + Math.max(0, Math.min(this.room - 1, y - this.sight.getBoundingClientRect().top - HEADS))) / ROW)
    return this.lines.at(Math.max(0, Math.min(this.lines.total - 1, line)))[side]
  }

  /** Changes the column of the selected cell: widens it, or freezes it. */
  lay(does: (pane: PaneView, column: number) => void) {
    const { chosen } = this
    const pane = this.panes.find((pane) => pane.pane.side === chosen?.side)
    if (pane && chosen) does(pane, chosen.column)
  }

  focus(side: Side) {
    this.panes.find((pane) => pane.pane.side === side)?.wide.focus({ preventScroll: true })
  }

  /** Returns the position of the visible lines as a fraction of all. */
  goTo(part: number) {
    this.scroller.scrollTop = (part * this.lines.total * ROW - this.room / 2) / this.scale
  }

  private get room() {
    return Math.max(0, this.scroller.clientHeight - HEADS - 12)
  }

  private reveal(line: number) {
    this.measure()
    const top = this.scroller.scrollTop * this.scale
    const y = line * ROW
    if (y < top) this.scroller.scrollTop = y / this.scale
    else if (y + ROW > top + this.room) {
      const far = y > top + this.room + 10 * ROW
      this.scroller.scrollTop = (far ? y - this.room / 2 : y + ROW - this.room) / this.scale
    }
  }

  /** Sets the scroller's height to that of its lines, before any scrolling. */
  private measure() {
    const height = this.scroller.clientHeight
    const whole = this.lines.total * ROW
    const tall = Math.min(whole, TALLEST)
    if (this.height !== height) {
      this.height = height
      this.sight.style.height = `${height}px`
    }
    // The space below the last line is for the horizontal scroll bar.
    const extent = `${tall + HEADS + 24}px`
    if (this.tall.style.height !== extent) this.tall.style.height = extent
    this.scale = whole > TALLEST ? (whole - this.room) / (tall - this.room) : 1
  }

  private draw() {
    this.measure()
    const whole = this.lines.total * ROW
    const room = this.room
    const top = Math.max(0, Math.min(this.scroller.scrollTop * this.scale, whole + 24 - room))
    const jump = Math.abs(top - this.top) > room
    const ahead = Math.round(Math.max(-900, Math.min(900, ((top - this.top) / ROW) * 10)))
    this.top = top
    const over = jump ? 0 : OVERSCAN
    const first = Math.max(0, Math.floor(top / ROW) - over)
    const last = Math.min(this.lines.total - 1, Math.floor((top + room) / ROW) + over)
    const base = Math.floor(first / BASE) * BASE
    for (const pane of this.panes) pane.place(base, top)
    this.want(first, last, jump ? 0 : ahead)
    for (const pane of this.panes) pane.draw(first, last, this.stamp * 1024 + base / BASE)
    this.on.moved(top / Math.max(whole, 1), Math.min(1, (top + room) / Math.max(whole, 1)))
  }

  private want(first: number, last: number, ahead: number) {
    const wishes = []
    for (const { pane, columnsInSight } of this.panes.map((view) => ({ pane: view.pane, columnsInSight: view.columnsInSight() }))) {
      const { side, sheet } = pane
      const rows: number[] = []
      for (let line = first; line <= last; line++) {
        const row = this.lines.at(line)[side]
        if (row) rows.push(row)
      }
      if (!rows.length) continue
      wishes.push({ side, sheet, rows, columns: columnsInSight, ahead })
      if (pane.layout.held) wishes.push({ side, sheet, rows, columns: [1, pane.layout.held] as [number, number], ahead: 0 })
    }
    this.windows.want(wishes)
  }

  private nearest(side: Side, line: number, step: number, end: number): number {
    for (; step > 0 ? line <= end : line >= end; line += step) {
      const row = this.lines.at(line)[side]
      if (row) return row
    }
    return 0
  }

  focused(view: PaneView) {
    if (this.chosen || !this.lines.total) return
    const row = this.nearest(view.pane.side, Math.round(this.top / ROW), 1, this.lines.total - 1)
    if (row) this.pick({ side: view.pane.side, row, column: view.columnsInSight()[0] })
  }

  key(event: KeyboardEvent, view: PaneView) {
    const side = view.pane.side
    const cell = this.chosen
    if (!cell || event.altKey) return
    const row = this.rowOn(side, cell)
    const column = this.columnOn(side, cell) || 1
    const line = this.lines.of(cell.side, cell.row)
    const far = event.ctrlKey || event.metaKey
    const page = Math.max(1, Math.floor(this.room / ROW) - 1)
    const down = (lines: number) => {
      const step = lines > 0 ? 1 : -1
      const aim = Math.max(0, Math.min(this.lines.total - 1, line + lines))
      const next = this.nearest(side, aim, step, step > 0 ? this.lines.total - 1 : 0) || this.nearest(side, aim, -step, line)
      return { side, row: next || row, column }
    }
    if (event.key === 'Tab') {
      // Moves to the partner's side once; the next key can leave the grid.
      const other = this.panes[this.panes.indexOf(view) + (event.shiftKey ? -1 : 1)]
      if (!other) return
      event.preventDefault()
      const there = this.rowOn(other.pane.side, cell)
      const its = this.columnOn(other.pane.side, cell)
      other.wide.focus({ preventScroll: true })
      if (there && its) this.pick({ side: other.pane.side, row: there, column: its })
      return
    }
    const { rows, columns } = view.pane
    const steps: Record<string, () => Cell> = {
      ArrowDown: () => (far ? { side, row: rows, column } : down(1)),
      ArrowUp: () => (far ? { side, row: 1, column } : down(-1)),
      PageDown: () => down(page),
      PageUp: () => down(-page),
      ArrowRight: () => ({ side, row: row || cell.row, column: far ? columns : Math.min(columns, column + 1) }),
      ArrowLeft: () => ({ side, row: row || cell.row, column: far ? 1 : Math.max(1, column - 1) }),
      Home: () => ({ side, row: far ? 1 : row, column: 1 }),
      End: () => ({ side, row: far ? rows : row, column: columns }),
    }
    const next = steps[event.key]?.()
    if (!next) return
    event.preventDefault()
    event.stopPropagation()
    if (next.row) this.pick(next, event.shiftKey ? this.cornerOn(side) : null)
  }
}
