// One grid with its own horizontal scrolling: its column positions, rows and cells. DOM nodes are reused: line l uses row l % n, column c uses cell
// c % m, so that only newly visible cells are written.
import type { Line } from './lines'
import type { GridView } from './view'
import type { Side, Value } from './windows'
import { letters } from '../parts/format'

export const ROW = 24
export const HEADS = 50
export const OVERSCAN = 2

export interface Cell {
  side: Side
  row: number
  column: number
}
/** The cells of a selection on one side. */
export interface Area {
  side: Side
  top: number
  bottom: number
  left: number
  right: number
}
export const same = (a: Cell | null, b: Cell | null) => a?.side === b?.side && a?.row === b?.row && a?.column === b?.column
export interface Chip {
  text: string
  note: string
  title: string
  none: boolean
}
/** The content of a pane and how it is shown. */
export interface Pane {
  side: Side
  sheet: string
  label: string
  rows: number
  columns: number
  widths: number[]
  /** The user's column layout: custom widths, and the number of frozen columns at the left. */
  layout: { own: Record<number, number>; held: number }
  rowClass(row: number): string
  /** Whether a text in this row may overflow empty cells. */
  spills(row: number): boolean
  cellClass(row: number, column: number): string
  /** Returns a text to show instead of the value, such as the name for a lost value. */
  instead(row: number, column: number): string | null
  describe(row: number, column: number): string
  chip(column: number): Chip | null
}
interface RowNode {
  element: HTMLElement
  number: HTMLElement
  gone: HTMLElement | null
  cells: CellNode[]
  /** The positions of the frozen columns. */
  holder: HTMLElement
  held: CellNode[]
  line: number
  stamp: number
}
interface CellNode {
  element: HTMLElement
  column: number
  text: string
  kind: string
  stamp: number
}

let ids = 0
const letterWidth = (() => {
  let known = 0
  return () => {
    if (known) return known
    const probe = document.createElement('span')
    probe.className = 'grid-cell'
    probe.textContent = '0'.repeat(100)
    document.body.append(probe)
    known = (probe.getBoundingClientRect().width - 13) / 100
    probe.remove()
    return known
  }
})()

const cellIn = (parent: HTMLElement): CellNode => ({ element: make('grid-cell', 'gridcell', parent), column: 0, text: '', kind: '', stamp: -1 })
export const make = (kind: string, role?: string, parent?: Element) => {
  const element = document.createElement('div')
  element.className = kind
  if (role) element.setAttribute('role', role)
  parent?.append(element)
  return element
}

/** Follows the pointer until its button is released. */
function drag(move: (event: MouseEvent) => void) {
  addEventListener('mousemove', move)
  addEventListener('mouseup', () => removeEventListener('mousemove', move), { once: true })
}

/** Returns a width that fits most values of a column. */
export function widthOf(values: (Value | undefined)[], head: number): number {
  let longest = head
  for (const value of values) if (value != null) longest = Math.max(longest, String(value).length)
  return Math.max(64, Math.min(180, Math.ceil(longest * 7.3) + 18))
}

export class PaneView {
  element: HTMLElement
  wide: HTMLElement
  private canvas: HTMLElement
  private heads: HTMLElement
  private body: HTMLElement
  private group: HTMLElement
  private headRow: HTMLElement
  private chipRow: HTMLElement
  private corner: HTMLElement
  private rows: RowNode[] = []
  private places: number[] = []
  /** The number of frozen columns. */
  private held = 0
  private room = 0
  private id = `grid-${++ids}`
  private shown = ''
  private base = 0
  /** The width of the row numbers. */
  private numbers: number

  constructor(
    private view: GridView,
    public pane: Pane,
  ) {
    this.numbers = Math.max(40, String(pane.rows).length * 7 + 18)
    this.element = make('grid-pane')
    this.element.style.setProperty('--numbers', `${this.numbers}px`)
    this.wide = make('grid-wide', 'grid', this.element)
    this.wide.tabIndex = 0
    this.wide.setAttribute('aria-label', pane.label)
    this.wide.setAttribute('aria-rowcount', String(pane.rows))
    this.wide.setAttribute('aria-colcount', String(pane.columns))
    this.wide.setAttribute('aria-multiselectable', 'true')
    this.canvas = make('grid-canvas', 'presentation', this.wide)
    this.heads = make('grid-heads', 'rowgroup', this.canvas)
    this.headRow = make('', 'row', this.heads)
    this.corner = make('grid-corner', 'columnheader', this.headRow)
    this.corner.innerHTML = '<span class="unseen">Row</span>'
    this.chipRow = make('', 'row', this.heads)
    this.body = make('grid-body', 'presentation', this.canvas)
    this.group = make('', 'rowgroup', this.body)
    this.lay()
    this.wide.addEventListener('scroll', () => view.ask())
    this.wide.addEventListener('keydown', (event) => view.key(event, this))
    this.wide.addEventListener('focus', () => view.focused(this))
    this.wide.addEventListener('mousedown', (event) => this.press(event))
    this.wide.addEventListener('dblclick', ({ target }) => {
      const column = Number((target as HTMLElement).closest<HTMLElement>('.grid-head')?.dataset.column)
      if (column) (target as HTMLElement).closest('.grid-size') ? this.size(column, null) : this.hold(column)
    })
  }

  widthOf = (column: number) => this.pane.layout.own[column] ?? this.pane.widths[column - 1]

  /** Positions the columns by their widths. */
  private lay() {
    const { pane } = this
    this.places = [0]
    for (let column = 1; column <= pane.columns; column++) this.places.push(this.places[column - 1] + this.widthOf(column))
    this.held = Math.min(pane.layout.held, pane.columns)
    while (this.held && this.places[this.held] > this.room - 120) this.held--
    this.canvas.style.width = `${this.numbers + this.places.at(-1)! + 24}px`
    this.element.style.setProperty('--held', `${this.places[this.held]}px`)
    this.shown = ''
    for (const node of this.rows) for (const cell of [...node.cells, ...node.held]) this.clear(cell)
    this.view.redraw()
  }

  /** Sets a column's width; null fits it to its values. */
  size(column: number, width: number | null) {
    const { own } = this.pane.layout
    if (width == null) delete own[column]
    else own[column] = Math.max(32, Math.min(1200, Math.round(width)))
    this.lay()
    this.view.on.laid(this.pane)
  }

  /** Freezes the columns up to this one, or unfreezes all if they already are frozen. */
  hold(column: number) {
    this.pane.layout.held = this.pane.layout.held === column ? 0 : column
    this.lay()
    this.view.on.laid(this.pane)
  }

  /** Returns the width of the frozen columns if there is room for others. */
  private get stays() {
    return this.places[this.held]
  }

  private press(event: MouseEvent) {
    const target = event.target as HTMLElement
    const chip = target.closest<HTMLElement>('.grid-chip')
    if (chip) return this.view.on.chip(this.pane.side, Number(chip.dataset.column))
    if (target.closest('.grid-size')) {
      event.preventDefault()
      const column = Number(target.parentElement!.dataset.column)
      const begun = this.widthOf(column) - event.clientX
      return drag((event) => this.size(column, begun + event.clientX))
    }
    const cell = this.cellAt(event)
    if (event.button || !cell || !target.closest('.grid-row')) return
    event.preventDefault()
    this.wide.focus({ preventScroll: true })
    const { view } = this
    const from = event.shiftKey ? view.cornerOn(this.pane.side) : cell
    view.pick(cell, from)
    drag((event) => {
      const to = this.cellAt(event)
      if (to && !same(to, view.chosen)) view.pick(to, from)
    })
  }

  /** Returns the cell at a position on the page; outside the edges, the nearest cell. */
  private cellAt(event: MouseEvent): Cell | null {
    const row = this.view.rowAt(this.pane.side, event.clientY)
    const x = event.clientX - this.canvas.getBoundingClientRect().left - this.numbers
    const inHeld = x - this.wide.scrollLeft
    return row ? { side: this.pane.side, row, column: x < 0 ? 1 : this.columnAt(inHeld < this.stays ? Math.max(0, inHeld) : x) } : null
  }

  columnAt(x: number): number {
    let low = 0
    let high = this.pane.columns
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.places[middle + 1] <= x) low = middle + 1
      else high = middle
    }
    return Math.min(low + 1, this.pane.columns)
  }

  columnsInSight(): [number, number] {
    const left = this.wide.scrollLeft
    return [this.columnAt(left + this.stays), this.columnAt(left + this.wide.clientWidth - this.numbers)]
  }

  /** Scrolls horizontally until a column is visible. */
  reveal(column: number) {
    const left = this.places[column - 1]
    const right = this.places[column]
    const room = this.wide.clientWidth - this.numbers
    if (column <= this.held) return
    if (left < this.wide.scrollLeft + this.stays) this.wide.scrollLeft = left - this.stays
    else if (right > this.wide.scrollLeft + room) this.wide.scrollLeft = Math.min(left, right - room + 12)
  }

  place(base: number, top: number) {
    this.base = base
    this.body.style.transform = `translateY(${base * ROW - top}px)`
  }

  draw(first: number, last: number, stamp: number) {
    const { lines, chosen } = this.view
    if (this.room !== this.wide.clientWidth) {
      this.room = this.wide.clientWidth
      this.lay()
    }
    const count = last - first + 1
    const [from, to] = this.columnsInSight()
    const firstColumn = Math.max(1 + this.held, from - OVERSCAN)
    const columns = Math.min(this.pane.columns, to + OVERSCAN) - firstColumn + 1
    const cells = Math.max(columns, this.rows[0]?.cells.length ?? 0)
    while (this.rows.length < count) {
      const element = make('grid-row', 'row', this.group)
      const number = make('grid-number', 'rowheader', element)
      const holder = make('grid-held', 'presentation', element)
      this.rows.push({ element, number, gone: null, cells: [], holder, held: [], line: -1, stamp: -1 })
    }
    const n = this.rows.length
    for (let at = 0; at < n; at++) {
      const line = first + ((((at - first) % n) + n) % n)
      const node = this.rows[at]
      if (line > last) {
        // Its node may show another row now.
        if (node.line !== -1) this.hide(node)
        continue
      }
      this.drawRow(node, line, stamp, firstColumn, columns, cells)
    }
    this.drawHeads(firstColumn, columns, stamp)
    const here = chosen && this.view.rowOn(this.pane.side, chosen)
    const inSight = here && lines.of(this.pane.side, here) >= first && lines.of(this.pane.side, here) <= last
    const column = chosen && this.view.columnOn(this.pane.side, chosen)
    if (inSight && column) this.wide.setAttribute('aria-activedescendant', `${this.id}-${here}-${column}`)
    else this.wide.removeAttribute('aria-activedescendant')
  }

  private hide(node: RowNode) {
    node.line = -1
    node.element.style.display = 'none'
  }

  private drawRow(node: RowNode, line: number, stamp: number, firstColumn: number, columns: number, cells: number) {
    const { pane, view } = this
    const at = view.lines.at(line)
    const row = at[pane.side]
    const isNew = node.line !== line || node.stamp !== stamp
    if (isNew) {
      if (node.line === -1) node.element.style.display = ''
      node.line = line
      node.stamp = stamp
      node.element.dataset.line = String(line)
      node.element.style.top = `${(line - this.base) * ROW}px`
      // If the sides are not aligned, a row of the other side is selected only if it is the known partner.
      const isChosen = view.lines.aligned ? view.chosenLine === line : !!row && !!view.chosen && view.rowOn(pane.side, view.chosen) === row
      node.element.className = `grid-row ${row ? pane.rowClass(row) : at.why ? 'gone' : 'blank'}${isChosen ? ' line-chosen' : ''}`
      if (row) {
        node.element.setAttribute('aria-rowindex', String(row))
        node.number.textContent = String(row)
      } else node.element.removeAttribute('aria-rowindex')
      node.number.style.display = row ? '' : 'none'
      this.drawGone(node, row || !at.why ? null : at)
    }
    if (!row) {
      for (const cell of [...node.cells, ...node.held]) if (cell.column) this.clear(cell)
      return
    }
    while (node.held.length < this.held) node.held.push(cellIn(node.holder))
    node.held.forEach((cell, at) => {
      if (at >= this.held) this.clear(cell)
      else if (isNew || !cell.column || cell.stamp !== stamp) this.drawCell(cell, row, at + 1, stamp)
    })
    while (node.cells.length < cells) node.cells.push(cellIn(node.element))
    const m = node.cells.length
    for (let index = 0; index < m; index++) {
      const column = firstColumn + ((((index - firstColumn) % m) + m) % m)
      const cell = node.cells[index]
      if (column >= firstColumn + columns) {
        if (cell.column) this.clear(cell)
      } else if (isNew || cell.column !== column || cell.stamp !== stamp) this.drawCell(cell, row, column, stamp)
    }
  }

  /** Positions an element at a column. */
  private stand(style: CSSStyleDeclaration, column: number, inset = 0) {
    style.left = `${(column > this.held ? this.numbers : 0) + this.places[column - 1] + inset}px`
    style.width = `${this.widthOf(column) - 2 * inset}px`
  }

  private clear(cell: CellNode) {
    cell.column = 0
    cell.element.style.display = 'none'
  }

  private drawGone(node: RowNode, at: Line | null) {
    if (!at) {
      if (node.gone) node.gone.style.display = 'none'
      return
    }
    if (!node.gone) {
      node.gone = make('grid-cell', 'gridcell', node.element)
      node.gone.append(document.createElement('span'))
    }
    node.gone.style.display = ''
    node.gone.firstElementChild!.textContent = at.why
  }

  private drawCell(cell: CellNode, row: number, column: number, stamp: number) {
    const { pane, view } = this
    const style = cell.element.style
    if (cell.column !== column) {
      if (!cell.column) style.display = ''
      this.stand(style, column)
      cell.element.setAttribute('aria-colindex', String(column))
    }
    cell.element.id = `${this.id}-${row}-${column}`
    cell.column = column
    cell.stamp = stamp
    const value = view.windows.value(pane.side, pane.sheet, row, column)
    // Cells that are not loaded are drawn as such, and no text overflows them.
    const instead = value === null || value === '' ? pane.instead(row, column) : null
    const whole = instead ?? (value == null ? '' : String(value))
    const room = Math.floor((this.widthFor(row, column, whole) - 13) / letterWidth())
    // A cell is one line, and text direction marks end with it.
    const plain = (whole.length > 300 ? whole.slice(0, 300) : whole).replace(/\r?\n|\r/g, '↵').replaceAll('\t', '⇥')
    const text = plain.length > room ? `${plain.slice(0, Math.max(0, room - 1))}…` : plain
    if (cell.text !== text) cell.element.textContent = cell.text = text
    let kind = `grid-cell ${pane.cellClass(row, column)}`
    if (value === undefined) kind += ' absent'
    else if (typeof value === 'number') kind += ' number'
    if (instead) kind += ' lost'
    // Letters that are wider than those of the monospace font.
    if (/[^\x00-\xff…↵⇥]/.test(text)) kind += ' clip'
    const { chosen } = view
    if (chosen && view.columnsOn(pane.side, chosen).includes(column)) kind += view.rowOn(pane.side, chosen) === row ? ' chosen' : ' column-chosen'
    const { area } = view
    if (area?.side === pane.side && row >= area.top && row <= area.bottom && column >= area.left && column <= area.right) kind += ' picked'
    if (cell.kind !== kind) {
      cell.element.className = cell.kind = kind
      cell.element.setAttribute('aria-selected', String(/ (?:picked|chosen)/.test(kind)))
    }
    const described = pane.describe(row, column)
    if (described) cell.element.setAttribute('aria-description', described)
    else if (cell.element.hasAttribute('aria-description')) cell.element.removeAttribute('aria-description')
  }

  /** A text outside the tables, such as a title, overflows empty cells. */
  private widthFor(row: number, column: number, text: string): number {
    const { pane, view } = this
    let width = this.widthOf(column)
    if (column <= this.held || text.length * 7 < width || !pane.spills(row)) return width
    for (let next = column + 1; next <= Math.min(pane.columns, column + 8); next++) {
      const value = view.windows.value(pane.side, pane.sheet, row, next)
      if (value !== null && value !== '') break
      width += this.widthOf(next)
    }
    return width
  }

  private drawHeads(first: number, columns: number, stamp: number) {
    const { chosen } = this.view
    const marked = chosen && this.view.columnOn(this.pane.side, chosen)
    const wanted = `${first} ${columns} ${marked} ${stamp}`
    if (this.shown === wanted) return
    this.shown = wanted
    const [heldHeads, heldChips] = [make('grid-held', 'presentation'), make('grid-held', 'presentation')]
    const heads: HTMLElement[] = [this.corner, heldHeads]
    const chips: HTMLElement[] = []
    const all = [...Array(this.held).keys(), ...Array.from({ length: Math.max(0, columns) }, (_, at) => first + at - 1)]
    for (const column of all.map((at) => at + 1)) {
      const head = make(`grid-head ${marked === column ? 'chosen' : ''}`, 'columnheader')
      head.setAttribute('aria-colindex', String(column))
      head.textContent = letters(column)
      head.dataset.column = String(column)
      head.title = 'Double click keeps it and those before it in sight (z); its edge sets its width (< and >)'
      head.append(make('grid-size'))
      this.stand(head.style, column)
      if (column > this.held) heads.push(head)
      else heldHeads.append(head)
      const chip = this.pane.chip(column)
      if (!chip) continue
      const cell = make('', 'gridcell')
      const button = document.createElement('button')
      button.type = 'button'
      button.tabIndex = -1
      button.className = `grid-chip ${chip.none ? 'none' : ''} ${marked === column ? 'chosen' : ''}`
      button.dataset.column = String(column)
      button.title = chip.title
      this.stand(button.style, column, 4)
      const text = document.createElement('span')
      text.className = 'cut'
      text.textContent = chip.text
      button.append(text)
      if (chip.note && this.widthOf(column) > 100) button.append(Object.assign(document.createElement('b'), { textContent: chip.note }))
      cell.append(button)
      if (column > this.held) chips.push(cell)
      else heldChips.append(cell)
    }
    this.headRow.replaceChildren(...heads)
    this.chipRow.replaceChildren(heldChips, ...chips)
    this.chipRow.toggleAttribute('hidden', !chips.length && !heldChips.childNodes.length)
  }
}
