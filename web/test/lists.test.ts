import { expect, test } from 'vitest'
import type { Run } from '../src/api/client'
import { lineOf, nextError, shownFrom } from '../src/log/lines'
import { columnOf, letters, place, size, span } from '../src/parts/format'
import { accepts, filterOf, merged } from '../src/pages/runs-filter'

const run = (id: string, changes: object = {}) =>
  ({ id, status: 'succeeded', input: { name: 'Week 46.xlsx' }, configuration_name: 'crew', configuration_id: 'c1', labels: { sender: 'acme' }, created_at: '2026-01-01T10:00:00.000Z', metrics: { issues: 0 }, ...changes }) as unknown as Run
const noon = Date.parse('2026-01-01T12:00:00Z')
const filter = (text: string) => filterOf(new URLSearchParams(text))

test('a filter takes the runs that the server would', () => {
  expect(accepts(filter('status=failed,cancelled'), run('a', { status: 'cancelled' }), noon)).toBe(true)
  expect(accepts(filter('status=failed'), run('a'), noon)).toBe(false)
  expect(accepts(filter('config=crew'), run('a'), noon)).toBe(true)
  expect(accepts(filter('config=other'), run('a'), noon)).toBe(false)
  expect(accepts(filter('since=1h'), run('a'), noon)).toBe(false)
  expect(accepts(filter('since=24h'), run('a'), noon)).toBe(true)
  expect(accepts(filter('issues=1'), run('a'), noon)).toBe(false)
  expect(accepts(filter('issues=1'), run('a', { metrics: { issues: 2 } }), noon)).toBe(true)
  expect(accepts(filter('look=fields'), run('a', { metrics: { missing_fields: [] } }), noon)).toBe(false)
  expect(accepts(filter('look=fields'), run('a', { metrics: { missing_fields: ['hours'] } }), noon)).toBe(true)
  expect(accepts(filter('look=fields'), run('a', { status: 'failed', metrics: { missing_fields: ['hours'] } }), noon)).toBe(false)
  expect(accepts(filter('label=sender:acme'), run('a'), noon)).toBe(true)
  expect(accepts(filter('label=sender:other'), run('a'), noon)).toBe(false)
  expect(accepts(filter('look=issues'), run('a', { metrics: { issues: 2 } }), noon)).toBe(true)
  expect(accepts(filter('q=WEEK'), run('a'), noon)).toBe(true)
  expect(accepts(filter('q=acme'), run('a'), noon)).toBe(true)
  expect(accepts(filter('q=9ae'), run('0199-4309ae'), noon)).toBe(true)
  expect(accepts(filter('q=none'), run('a'), noon)).toBe(false)
})

test('an unknown span of the address is that of all times', () => {
  expect(filter('since=yesterday').since).toBe('all')
})

test('what changed is put to its place, what is new first, and what no longer fits goes', () => {
  const before = [run('3'), run('2'), run('1')]
  const { runs, added } = merged(before, [run('4'), run('2', { status: 'failed' }), run('3', { status: 'running' })], (one) => one.status !== 'running')
  expect(runs.map((run) => `${run.id} ${run.status}`)).toEqual(['4 succeeded', '2 failed', '1 succeeded'])
  expect(added.map((one) => one.id)).toEqual(['4'])
})

test('a log shows the lines of a level and above, with a text in them', () => {
  const line = (id: number, level: string, message: string) => lineOf({ id, level, event: 'engine.log', message, created: '', data: {} })
  const lines = [line(1, 'debug', 'a'), line(2, 'info', 'Reading'), line(3, 'error', 'b'), line(4, 'info', 'read'), line(5, 'error', 'c')]
  expect(shownFrom(lines, 0, 'info', '', '')).toEqual([1, 2, 3, 4])
  expect(shownFrom(lines, 0, 'debug', '', 'READ')).toEqual([1, 3])
  const shown = shownFrom(lines, 0, 'info', '', '')
  expect(nextError(lines, shown, -1, 1)).toBe(1)
  expect(nextError(lines, shown, 1, 1)).toBe(3)
  expect(nextError(lines, shown, 3, 1)).toBe(1)
  expect(nextError(lines, shown, 1, -1)).toBe(3)
  expect(nextError(lines, [0, 1], 0, 1)).toBe(-1)
})

test('columns have letters as in a workbook', () => {
  for (const [column, text] of [[1, 'A'], [26, 'Z'], [27, 'AA'], [702, 'ZZ'], [703, 'AAA'], [16384, 'XFD']] as const) {
    expect(letters(column)).toBe(text)
    expect(columnOf(text)).toBe(column)
  }
  expect(place('c11')).toEqual({ row: 11, column: 3 })
  expect(place('North')).toBe(null)
})

test('sizes and times have the units that people read', () => {
  expect([0, 1023, 9728, 9_122_611].map(size)).toEqual(['0 B', '1023 B', '9.5 KiB', '8.7 MiB'])
  expect([405, 1940, 899_000, 7_380_000].map(span)).toEqual(['405 ms', '1.9 s', '14 min 59 s', '2 h 3 min'])
})
