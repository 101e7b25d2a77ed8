import { expect, test } from 'vitest'
import { differences, said, type Tried } from '../src/pages/configs-words'

const same: Tried = { input: 'a.xlsx', document_id: null, run_id: '1', succeeds: true, error: null, metrics: null, metrics_before: null, fields: ['name'], fields_before: ['name'], issues: [], changes: { changed_cells: 0, cells: [], added_rows: 0, removed_rows: 0 } }

test('what comes out the same has no differences', () => {
  expect(differences(same)).toEqual([])
})

test('fields, issues, rows and cells that are others are told', () => {
  const other = { ...same, fields: ['name', 'email'], fields_before: ['name', 'phone'], issues: [{ rule: 'email.invalid', before: 0, after: 1 }], changes: { changed_cells: 1200, cells: [], added_rows: 0, removed_rows: 1 } }
  expect(differences(other).map(({ sign, text }) => `${sign} ${text}`)).toEqual(['+ field email has a column', '− field phone has none any more', '+ email.invalid: 1 issue, was 0', '− 1 row', '± 1,200 cells with another value'])
})

test('fields that a failed trial did not come to are not told as lost', () => {
  expect(differences({ ...same, succeeds: false, fields: [], changes: null })).toEqual([])
})

test('an error says its place once', () => {
  const error = { code: 'config_import_failed', stage: null, hint: null, file: 'src/a.py', line: 7 }
  expect(said({ ...error, message: "NameError: name 'x' is not defined (<configuration>/src/a.py, line 7, in <module>)" })).toBe("NameError: name 'x' is not defined")
  expect(said({ ...error, line: undefined, message: 'no (<configuration>/src/a.py, line 7)' })).toBe('no (<configuration>/src/a.py, line 7)')
})
