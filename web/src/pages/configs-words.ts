// What errors and trials of configurations say.
import type { Schemas } from '../api/client'
import { many, number } from '../parts/format'

export type Failure = Schemas['RunError']

/** A file of an error, as the list of files names it. */
export const plain = (file: string) => file.replace(/^<configuration>\//, '')

/** What an error says, without the place that is shown beside it. */
export const said = (error: Failure) => (error.file && error.line ? error.message.replace(/ \((?:<configuration>\/)?[^()]*, line \d+(?:, in [^()]*)?\)$/, '') : error.message)

/** An input, as it would come out and as it did. */
export type Tried = Schemas['TrialOfInput']

/** What is another, in few words each; nothing: it comes out the same. */
export function differences(one: Tried): { sign: '+' | '−' | '±'; text: string }[] {
  const told: { sign: '+' | '−' | '±'; text: string }[] = []
  const before = one.fields_before
  if (before && one.succeeds) {
    for (const field of one.fields) if (!before.includes(field)) told.push({ sign: '+', text: `field ${field} has a column` })
    for (const field of before) if (!one.fields.includes(field)) told.push({ sign: '−', text: `field ${field} has none any more` })
  }
  for (const { rule, before, after } of one.issues) told.push({ sign: after > before ? '+' : '−', text: `${rule}: ${many(after, 'issue')}, was ${number(before)}` })
  const changes = one.changes
  for (const column of changes?.added_columns ?? []) told.push({ sign: '+', text: `column ${column}` })
  for (const column of changes?.removed_columns ?? []) told.push({ sign: '−', text: `column ${column}` })
  if (changes?.added_rows) told.push({ sign: '+', text: many(changes.added_rows, 'row') })
  if (changes?.removed_rows) told.push({ sign: '−', text: many(changes.removed_rows, 'row') })
  if (changes?.changed_cells) told.push({ sign: '±', text: `${many(changes.changed_cells, 'cell')} with another value` })
  return told
}
