import { expect, test } from 'vitest'
import { differences, type Tried } from '../src/pages/configs-words'

const same: Tried = { input: 'a.xlsx', document_id: null, run_id: '1', succeeds: true, error: null, metrics: null, metrics_before: null, fields: ['name'], fields_before: ['name'], issues: [], changes: { changed_cells: 0, cells: [], added_rows: 0, removed_rows: 0, added_columns: [], removed_columns: [] } }

test('what comes out the same has no differences', () => {
  expect(differences(same)).toEqual([])
})

test('fields, issues, rows and cells that are others are told', () => {
  const other = { ...same, fields: ['name', 'email'], fields_before: ['name', 'phone'], issues: [{ rule: 'email.invalid', before: 0, after: 1 }], changes: { changed_cells: 1200, cells: [], added_rows: 0, removed_rows: 1, added_columns: ['Email'], removed_columns: ['Phone'] } }
  expect(differences(other).map(({ sign, text }) => `${sign} ${text}`)).toEqual(['+ field email now has a column', '− field phone no longer has a column', '+ email.invalid: 1 issue, was 0', '+ column Email', '− column Phone', '− 1 row', '± 1,200 cells with a different value'])
})

test('fields that a failed trial did not come to are not told as lost', () => {
  expect(differences({ ...same, succeeds: false, fields: [], changes: null })).toEqual([])
})
