// Windows of cells, asked for as they come into sight and kept. What is passed by quickly is not asked for.
import { get } from '../api/client'

export const ROWS = 200
export const COLUMNS = 25
const AT_ONCE = 4
const KEPT = 80
const TOO_OLD = 120

export type Side = 'input' | 'output'
export type Value = string | number | boolean | null
interface Window {
  rows: Value[][]
}
interface Wish {
  key: string
  side: Side
  sheet: string
  row: number
  column: number
  at: number
  abort: AbortController | null
}

export class Windows {
  private known = new Map<string, Window>()
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
    for (let c = 0; c * COLUMNS < Math.min(columns, 4 * COLUMNS); c++) {
      const key = `${side} ${sheet} 0 ${c}`
      if (!this.known.has(key)) all.push(this.load({ key, side, sheet, row: 1, column: c * COLUMNS + 1, at: 0, abort: null }))
    }
    await Promise.all(all)
  }

  /** The value of a cell; undefined: not here yet. */
  value(side: Side, sheet: string, row: number, column: number): Value | undefined {
    const r = Math.floor((row - 1) / ROWS)
    const c = Math.floor((column - 1) / COLUMNS)
    const window = this.known.get(`${side} ${sheet} ${r} ${c}`)
    if (!window) return undefined
    return window.rows[row - 1 - r * ROWS]?.[column - 1 - c * COLUMNS] ?? null
  }

  /** All values of an area, whether or not they were in sight. */
  async block(side: Side, sheet: string, rows: [number, number], columns: [number, number]): Promise<Value[][]> {
    const all: Value[][] = []
    for (let row = rows[0]; row <= rows[1]; row += ROWS) {
      const last = Math.min(rows[1], row + ROWS - 1)
      const part: Value[][] = Array.from({ length: last - row + 1 }, () => [])
      for (let column = columns[0]; column <= columns[1]; column += 100) {
        const window = await get('/api/v1/runs/{id}/cells', { id: this.run }, { side, sheet, rows: `${row}-${last}`, columns: `${column}-${Math.min(columns[1], column + 99)}` })
        part.forEach((values, index) => values.push(...((window.rows as Value[][])[index] ?? [])))
      }
      all.push(...part)
    }
    return all
  }

  /** Says what is in sight now (row and column from and to); what was wished for before and is not is given up. */
  want(all: { side: Side; sheet: string; rows: [number, number]; columns: [number, number]; ahead: number }[]) {
    const now = performance.now()
    const wanted: Wish[] = []
    for (const { side, sheet, rows, columns, ahead } of all) {
      const [lastRow, lastColumn] = this.limits.get(`${side} ${sheet}`) ?? [0, 0]
      const from = Math.floor((Math.max(1, Math.min(rows[0], rows[0] + ahead)) - 1) / ROWS)
      const to = Math.floor((Math.min(lastRow, Math.max(rows[1], rows[1] + ahead)) - 1) / ROWS)
      for (let r = from; r <= to; r++)
        for (let c = Math.floor((columns[0] - 1) / COLUMNS); c <= Math.floor((Math.min(lastColumn, columns[1]) - 1) / COLUMNS); c++) {
          const key = `${side} ${sheet} ${r} ${c}`
          const window = this.known.get(key)
          if (window) {
            this.known.delete(key)
            this.known.set(key, window)
          } else wanted.push({ key, side, sheet, row: r * ROWS + 1, column: c * COLUMNS + 1, at: now, abort: null })
        }
    }
    const keys = new Set(wanted.map((wish) => wish.key))
    for (const wish of this.wishes) if (!keys.has(wish.key) && wish.abort && now - wish.at > TOO_OLD) wish.abort.abort()
    const going = this.wishes.filter((wish) => wish.abort && !wish.abort.signal.aborted)
    const busy = new Set(going.map((wish) => wish.key))
    this.wishes = [...going, ...wanted.filter((wish) => !busy.has(wish.key) && (this.failures.get(wish.key) ?? 0) < 3)]
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
    const rows = `${wish.row}-${Math.min(wish.row + ROWS - 1, lastRow)}`
    const columns = `${wish.column}-${Math.min(wish.column + COLUMNS - 1, lastColumn)}`
    try {
      const window = await get('/api/v1/runs/{id}/cells', { id: this.run }, { side: wish.side, sheet: wish.sheet, rows, columns }, wish.abort.signal)
      this.known.set(wish.key, { rows: window.rows as Value[][] })
      while (this.known.size > KEPT) this.known.delete(this.known.keys().next().value!)
      this.came()
    } catch (error) {
      if (!wish.abort.signal.aborted) {
        this.failures.set(wish.key, (this.failures.get(wish.key) ?? 0) + 1)
        this.failed(error)
      }
    }
    this.wishes = this.wishes.filter((one) => one !== wish)
    this.next()
  }
}
