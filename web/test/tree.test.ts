import { expect, test } from 'vitest'
import { first, rowsOf } from '../src/pages/configs-tree'

const paths = ['README.md', 'pyproject.toml', 'src/ade_config/__init__.py', 'src/ade_config/columns/fields.py', 'tests/cases/office/input.csv']

test('folders that hold one folder alone are one line', () => {
  expect(rowsOf(paths).map((row) => `${'  '.repeat(row.depth)}${row.name}`)).toEqual([
    'src/ade_config/',
    '  columns/',
    '    fields.py',
    '  __init__.py',
    'tests/cases/office/',
    '  input.csv',
    'README.md',
    'pyproject.toml',
  ])
  expect(rowsOf([])).toEqual([])
})

test('the fields are shown first', () => {
  expect(first(paths)).toBe('src/ade_config/columns/fields.py')
  expect(first(['a.txt'])).toBe('a.txt')
  expect(first([])).toBe(null)
})
