import { expect, test } from 'vitest'
import { groupedBy, type Issue } from '../src/pages/explained'

test('issues stand below their rules or persons, what has the most first', () => {
  const issues = ['hours', 'email', 'hours'].map((rule) => ({ rule }) as Issue)
  expect(groupedBy(issues, 'rule')).toEqual(['hours · 2 issues', 0, 2, 'email · 1 issue', 1])
  expect(groupedBy([{ key: 'Ann' }, { key: null }, { key: 'Ann' }] as Issue[], 'key')).toEqual(['Ann · 2 issues', 0, 2, 'of no row · 1 issue', 1])
})
