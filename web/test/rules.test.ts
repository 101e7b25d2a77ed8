import { expect, test } from 'vitest'
import { byRule, type Issue } from '../src/pages/explained'

test('issues stand below their rules, the rule with the most first', () => {
  const issues = ['hours', 'email', 'hours'].map((rule) => ({ rule }) as Issue)
  expect(byRule(issues)).toEqual(['hours · 2 issues', 0, 2, 'email · 1 issue', 1])
})
