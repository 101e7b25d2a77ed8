import { expect, test } from 'vitest'
import { csv, sumOf, tabs } from '../src/pages/copied'

test('cells are copied as spreadsheets take them', () => {
  expect(tabs([['a', 1], [null, 'two\nlines'], ['say "so"', true]])).toBe('a\t1\n\t"two\nlines"\n"say ""so"""\ttrue')
  expect(tabs([['one "cell"']])).toBe('one "cell"')
})

test('chosen cells are counted, and their numbers added up', () => {
  const values = [['x', 1.1], [2.2, null]]
  const at = (row: number, column: number) => values[row - 1][column - 1]
  expect(sumOf({ top: 1, bottom: 2, left: 1, right: 2 }, at)).toBe('4 cells, 2 × 2 · 2 numbers, sum 3.3')
  expect(sumOf({ top: 1, bottom: 1, left: 1, right: 1 }, at)).toBe('1 cell, 1 × 1')
  expect(sumOf({ top: 1, bottom: 2, left: 1, right: 2 }, () => undefined)).toBe('4 cells, 2 × 2')
})

test('a file for spreadsheets has no formulas', () => {
  expect(csv([['sheet', 'row'], ['say "so"', 7], ['=1+1', null], ['-', '@x']])).toBe(`"sheet","row"\r\n"say ""so""","7"\r\n"'=1+1",""\r\n"'-","'@x"\r\n`)
})
