import { expect, test } from 'vitest'
import { aligned, apart, hindrance, only, partnerRow, partnerSheet, type Segment } from '../src/grid/lines'

const segment = (row: number, count: number, output_row: number | null, changes: Partial<Segment> = {}): Segment => ({
  row, count, output_row, output_sheet: output_row ? 'North' : null, descending: false, turned: false, unknown: false, reason: null, hook: null, ...changes,
})
const gone = (row: number, count: number, reason: string, hook: string | null = null) => segment(row, count, null, { reason, hook })
const ROSTER = [gone(1, 2, 'title'), gone(3, 1, 'blank'), gone(4, 1, 'header'), segment(5, 7, 2), gone(12, 2, 'dropped', 'drop_notes'), segment(14, 7, 9), gone(21, 3, 'note')]
const show = (lines: ReturnType<typeof aligned>) => Array.from({ length: lines.total }, (_, line) => lines.at(line)).map(({ input, output, why }) => `${input || '-'} ${output || '-'}${why && ` ${why}`}`)

test('a row stands beside what became of it, and one that was not written beside its reason', () => {
  const lines = aligned(ROSTER, 23, 15)
  expect(lines.total).toBe(23)
  expect(show(lines).slice(0, 6)).toEqual(['1 - title, above the table', '2 - title, above the table', '3 - blank row', '4 1', '5 2', '6 3'])
  expect(lines.at(11)).toEqual({ input: 12, output: 0, why: 'dropped by drop_notes' })
  expect(lines.at(13)).toEqual({ input: 14, output: 9, why: '' })
  expect(lines.of('input', 14)).toBe(13)
  expect(lines.of('output', 9)).toBe(13)
  expect(lines.of('output', 1)).toBe(3)
})

test('the lower of two header rows stands beside the header that was written', () => {
  const lines = aligned([gone(1, 2, 'header'), segment(3, 2, 2)], 4, 3)
  expect(show(lines)).toEqual(['1 - header', '2 1', '3 2', '4 3'])
})

test('tables below each other have their headers beside each other, too', () => {
  const lines = aligned([gone(1, 1, 'header'), segment(2, 2, 2), gone(4, 1, 'blank'), gone(5, 1, 'header'), segment(6, 1, 6)], 6, 6)
  expect(show(lines)).toEqual(['1 1', '2 2', '3 3', '4 - blank row', '- 4', '5 5', '6 6'])
  expect(lines.of('output', 5)).toBe(5)
  // The same holds if an engine called the second header repeated, as it is in merged tables.
  expect(show(aligned([gone(1, 1, 'header'), segment(2, 2, 2), gone(4, 1, 'blank'), gone(5, 1, 'repeated_header'), segment(6, 1, 6)], 6, 6))).toEqual(show(lines))
  expect(show(aligned([gone(1, 1, 'header'), segment(2, 2, 2), gone(4, 1, 'repeated_header'), segment(5, 1, 4)], 5, 4))).toEqual(['1 1', '2 2', '3 3', '4 - repeated header', '5 4'])
})

test('a note below the header does not part it from that of the output', () => {
  const lines = aligned([gone(1, 1, 'header'), gone(2, 1, 'note'), segment(3, 2, 2)], 4, 3)
  expect(show(lines)).toEqual(['1 1', '2 - note', '3 2', '4 3'])
})

test('rows that were made have lines of their own', () => {
  const lines = aligned([segment(1, 2, 1), segment(3, 1, 5)], 4, 6)
  expect(show(lines)).toEqual(['1 1', '2 2', '- 3', '- 4', '3 5', '4 - outside the table', '- 6'])
  expect(lines.of('output', 4)).toBe(3)
})

test('a large sheet is found in few steps', () => {
  const segments = Array.from({ length: 5000 }, (_, at) => [segment(at * 40 + 1, 39, at * 39 + 1), gone(at * 40 + 40, 1, 'blank')]).flat()
  const lines = aligned(segments, 200_000, 195_000)
  expect(lines.total).toBe(200_000)
  for (const row of [1, 39, 41, 100_000, 199_999]) expect(lines.at(lines.of('input', row)).input).toBe(row)
  expect(lines.at(lines.of('output', 195_000))).toEqual({ input: 199_999, output: 195_000, why: '' })
})

test('what was sorted, turned or is unknown is not set side by side', () => {
  expect(hindrance(ROSTER)).toBe('')
  expect(hindrance(null)).toMatch(/edition 2026/)
  expect(hindrance([segment(1, 3, 9), segment(4, 3, 2)])).toMatch(/sorted/)
  expect(hindrance([segment(1, 3, 9, { descending: true })])).toMatch(/sorted/)
  expect(hindrance([segment(1, 3, 9, { turned: true })])).toMatch(/turned/)
  expect(hindrance([segment(1, 3, 9, { unknown: true, hook: 'pivot' })])).toMatch(/pivot/)
  expect(hindrance([segment(1, 3, 2), segment(4, 3, 2, { output_sheet: 'South' })])).not.toBe('')
  expect(partnerSheet(ROSTER)).toBe('North')
})

test('sides that are apart meet where a cell is chosen', () => {
  const sorted = [segment(2, 3, 9), segment(5, 3, 4, { descending: true })]
  expect(partnerRow(sorted, 'input', 3)).toBe(10)
  expect(partnerRow(sorted, 'output', 10)).toBe(3)
  expect(partnerRow(sorted, 'input', 6)).toBe(3)
  expect(partnerRow(sorted, 'output', 2)).toBe(7)
  expect(partnerRow(sorted, 'input', 40)).toBe(0)
  const lines = apart(20, 20, 7)
  expect(lines.at(lines.of('input', 3))).toMatchObject({ input: 3, output: 10 })
  const back = apart(20, 20, -3)
  expect(back.at(back.of('input', 6))).toMatchObject({ input: 6, output: 3 })
  expect(back.of('output', 3)).toBe(back.of('input', 6))
})

test('of rows that are left out nothing is shown, and the others keep their places', () => {
  const lines = only(aligned(ROSTER, 23, 15), 'input', [11, 4, 16, 16])
  expect(show(lines)).toEqual(['4 1', '11 8', '16 11'])
  expect([4, 11, 13, 16, 23].map((row) => lines.of('input', row))).toEqual([0, 1, 1, 2, 2])
  expect(lines.of('output', 11)).toBe(2)
})
