// Loads windows of cells as they become visible and keeps them. Windows that are scrolled past quickly are not loaded.
import { get } from '../api/client'

/** The rows and columns of a window: for consecutive visible rows, and for rows that are far apart. */
const DENSE = { rows: 200, columns: 25 }
const SPARSE = { rows: 8, columns: 100 }
type Shape = typeof DENSE
const AT_ONCE = 4
/** The number of windows that are kept besides the visible ones. */
const KEPT = 80
const TOO_OLD = 120

export type Side = 'input' | 'output'
export const otherOf = (side: Side): Side => (side === 'input' ? 'output' : 'input')
export type Value = string | number | boolean | null
interface Window {
  rows: Value[][]
}
interface Wish {
  key: string
  side: Side
  sheet: string
  shape: Shape
  row: number
  column: number
  at: number
  abort: AbortController | null
}

/** Returns the window of this shape that contains a cell. */
const keyOf = (side: Side, sheet: string, { rows, columns }: Shape, row: number, column: number) => `${side} ${sheet} ${rows} ${Math.floor((row - 1) / rows)} ${Math.floor((column - 1) / columns)}`

/** Returns the first positions of the windows of this size that contain the numbers from and to. */
function starts(from: number, to: number, size: number): number[] {
  const all = []
  for (let at = from - ((from - 1) % size); at <= to; at += size) all.push(at)
  return all
}

export class Windows {
  private known = new Map<string, Window>()
  private inSight = new Set<string>()
  private wishes: Wish[] = []
  private failures = new Map<string, number>()
  private limits = new Map<string, [number, number]>()

  constructor(
    private run: string,
    private came: () => void,
    private failed: (error: unknown) => void,
  ) {}

  limit(side: Side, sheet: string, rows: number, columns: number) {
    this.limits.set(`${side} ${sheet}`, [rows, columns])
  }

  /** Waits for the first rows of a sheet's first columns. */
  async first(side: Side, sheet: string) {
    const [, columns] = this.limits.get(`${side} ${sheet}`) ?? [0, 0]
    const all: Promise<void>[] = []
    for (let column = 1; column <= Math.min(columns, 4 * DENSE.columns); column += DENSE.columns) {
      const key = keyOf(side, sheet, DENSE, 1, column)
      if (!this.known.has(key)) all.push(this.load({ key, side, sheet, shape: DENSE, row: 1, column, at: 0, abort: null }))
    }
    await Promise.all(all)
  }

  /** Returns the value of a cell; undefined if it is not loaded. */
  value(side: Side, sheet: string, row: number, column: number): Value | undefined {
    for (const shape of [DENSE, SPARSE]) {
      const window = this.known.get(keyOf(side, sheet, shape, row, column))
      if (window) return window.rows[(row - 1) % shape.rows]?.[(column - 1) % shape.columns] ?? null
    }
    return undefined
  }

  /** Returns all values of an area, and loads those that were never visible. */
  async block(side: Side, sheet: string, rows: [number, number], columns: [number, number]): Promise<Value[][]> {
    const all: Value[][] = []
    for (let row = rows[0]; row <= rows[1]; row += DENSE.rows) {
      const last = Math.min(rows[1], row + DENSE.rows - 1)
      const part: Value[][] = Array.from({ length: last - row + 1 }, () => [])
      for (let column = columns[0]; column <= columns[1]; column += 100) {
        const window = await get('/api/v1/runs/{id}/cells', { id: this.run, side, sheet, rows: `${row}-${last}`, columns: `${column}-${Math.min(columns[1], column + 99)}` })
        part.forEach((values, index) => values.push(...((window.rows as Value[][])[index] ?? [])))
      }
      all.push(...part)
    }
    return all
  }

  /** Sets the visible cells (single rows, columns from and to): they are loaded and kept. Earlier requests for other cells are dropped. */
  want(all: { side: Side; sheet: string; rows: number[]; columns: [number, number]; ahead: number }[]) {
    const now = performance.now()
    const wanted = new Map<string, Wish>()
    for (const { side, sheet, rows, columns, ahead } of all) {
      const [lastRow, lastColumn] = this.limits.get(`${side} ${sheet}`) ?? [0, 0]
      const [first, last] = [Math.min(...rows), Math.max(...rows)]
      const shape = last - first < 2 * DENSE.rows ? DENSE : SPARSE
      const from = Math.max(1, Math.min(first, first + ahead))
      const to = Math.min(lastRow, Math.max(last, last + ahead))
      const tops = shape === DENSE ? starts(from, to, shape.rows) : rows.flatMap((row) => starts(row, row, shape.rows))
      for (const row of tops)
        for (const column of starts(columns[0], Math.min(lastColumn, columns[1]), shape.columns)) {
          const key = keyOf(side, sheet, shape, row, column)
          wanted.set(key, { key, side, sheet, shape, row, column, at: now, abort: null })
        }
    }
    this.inSight = new Set(wanted.keys())
    for (const key of this.inSight) {
      const window = this.known.get(key)
      if (!window) continue
      wanted.delete(key)
      // The most recently visible windows are kept longest.
      this.known.delete(key)
      this.known.set(key, window)
    }
    for (const wish of this.wishes) if (!wanted.has(wish.key) && wish.abort && now - wish.at > TOO_OLD) wish.abort.abort()
    const going = this.wishes.filter((wish) => wish.abort && !wish.abort.signal.aborted)
    for (const { key } of going) wanted.delete(key)
    this.wishes = [...going, ...[...wanted.values()].filter((wish) => (this.failures.get(wish.key) ?? 0) < 3)]
    this.next()
  }

  private next() {
    let busy = this.wishes.filter((wish) => wish.abort).length
    for (const wish of this.wishes) {
      if (busy >= AT_ONCE) return
      if (wish.abort) continue
      busy++
      this.load(wish)
    }
  }

  private async load(wish: Wish) {
    wish.abort = new AbortController()
    const [lastRow, lastColumn] = this.limits.get(`${wish.side} ${wish.sheet}`) ?? [wish.row, wish.column]
    const rows = `${wish.row}-${Math.min(wish.row + wish.shape.rows - 1, lastRow)}`
    const columns = `${wish.column}-${Math.min(wish.column + wish.shape.columns - 1, lastColumn)}`
    try {
      const window = await get('/api/v1/runs/{id}/cells', { id: this.run, side: wish.side, sheet: wish.sheet, rows, columns }, wish.abort.signal)
      this.known.set(wish.key, { rows: window.rows as Value[][] })
      let spare = this.known.size - this.inSight.size - KEPT
      for (const key of this.known.keys()) if (spare > 0 && !this.inSight.has(key) && this.known.delete(key)) spare--
      this.came()
    } catch (error) {
      if (!wish.abort.signal.aborted) {
        this.failures.set(wish.key, (this.failures.get(wish.key) ?? 0) + 1)
        this.failed(error)
      }
    }
    this.wishes = this.wishes.filter((other) => other !== wish)
    this.next()
  }
}
