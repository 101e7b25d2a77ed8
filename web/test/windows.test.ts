import { expect, test, vi } from 'vitest'
import { Windows, type Side } from '../src/grid/windows'

type Query = { side: Side; rows: string; columns: string }
const asked = vi.hoisted(() => [] as Query[])
vi.mock('../src/api/client', () => ({
  get: async (_path: string, query: Query) => {
    asked.push(query)
    const [[top, bottom], [left, right]] = [query.rows, query.columns].map((range) => range.split('-').map(Number))
    return { rows: Array.from({ length: bottom - top + 1 }, (_, row) => Array.from({ length: right - left + 1 }, (_, column) => `${query.side} ${top + row} ${left + column}`)) }
  },
}))

/** The windows of a sheet of 60,000 rows and 60 columns, and what is in sight of it, which is said again whenever cells came. */
function sheet() {
  asked.length = 0
  let rows: number[] = []
  const say = () => windows.want((['input', 'output'] as const).map((side) => ({ side, sheet: 'A', rows, columns: [1, 40] as [number, number], ahead: 0 })))
  const windows = new Windows('run', say, (error) => expect.unreachable(String(error)))
  for (const side of ['input', 'output'] as const) windows.limit(side, 'A', 60_000, 60)
  const isHere = () => rows.every((row) => [1, 40].every((column) => windows.value('input', 'A', row, column) === `input ${row} ${column}` && windows.value('output', 'A', row, column) === `output ${row} ${column}`))
  const look = async (at: number[]) => {
    rows = at
    say()
    await vi.waitUntil(isHere)
    // Leaves time for repeated requests.
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isHere()).toBe(true)
  }
  return { look }
}
const apart = (first: number, count = 60) => Array.from({ length: count }, (_, at) => first + at * 400)

test('rows far apart come in small windows, each once, and all of them stay while they are in sight', async () => {
  const { look } = sheet()
  await look(apart(5))
  expect(asked.length).toBe(120)
  expect(Math.max(...asked.map(({ rows }) => rows.split('-').map(Number)).map(([top, bottom]) => bottom - top + 1))).toBe(8)
  // The story scrolls a screen down, and back: the last 80 or so windows are still here.
  await look(apart(24_005))
  await look(apart(5))
  expect(asked.length).toBe(280)
})

test('rows that follow each other come in windows of 200', async () => {
  const { look } = sheet()
  await look(Array.from({ length: 40 }, (_, at) => 180 + at))
  expect(asked.map(({ side, rows, columns }) => `${side} ${rows} ${columns}`)).toEqual(['input', 'output'].flatMap((side) => ['1-200', '201-400'].flatMap((rows) => ['1-25', '26-50'].map((columns) => `${side} ${rows} ${columns}`))))
})
