// The words for errors and trials of configurations.
import type { Schemas } from '../api/client'
import { many, number } from '../parts/format'

export type Failure = Schemas['RunError']

/** Returns a file of an error as the file list names it. */
export const plain = (file: string) => file.replace(/^<configuration>\//, '')

/** Returns an error's message without the position that is shown next to it. */
export const said = (error: Failure) => (error.file && error.line ? error.message.replace(/ \((?:<configuration>\/)?[^()]*, line \d+(?:, in [^()]*)?\)$/, '') : error.message)

/** An input with its results before and after. */
export type Tried = Schemas['TrialOfInput']

/** Sorts failed inputs first, then those with the most differences. */
export const changedFirst = (inputs: Tried[]) => {
  const weight = (tried: Tried) => (tried.error ? Infinity : (tried.changes?.changed_cells ?? 0) + differences(tried).length)
  return [...inputs].sort((a, b) => weight(b) - weight(a) || 0)
}

/** Summarizes all inputs in one sentence. */
export function inAll(inputs: Tried[]): string {
  const fail = inputs.filter((input) => input.error).length
  const both = inputs.filter((input) => input.metrics && input.metrics_before)
  const other = inputs.filter((input) => !input.error && differences(input).length).length
  const sum = (of: 'metrics' | 'metrics_before') => number(both.reduce((sum, tried) => sum + tried[of]!.issues, 0))
  const told = [`${many(inputs.length, 'input')}: ${fail ? `${many(fail, 'fails', 'fail')}, ` : ''}${other ? `${many(other, 'has', 'have')} a different result` : fail ? 'the others have the same result' : 'all have the same result'}.`]
  const cells = inputs.reduce((sum, tried) => sum + (tried.changes?.changed_cells ?? 0), 0)
  if (other && both.length) told.push(`${many(cells, 'cell')} with a different value; ${sum('metrics_before')} issues before, ${sum('metrics')} now.`)
  return told.join(' ')
}

/** Describes each difference in a few words; empty if the result is the same. */
export function differences(tried: Tried): { sign: '+' | '−' | '±'; good?: boolean; text: string }[] {
  const told: { sign: '+' | '−' | '±'; good?: boolean; text: string }[] = []
  const before = tried.fields_before
  if (before && tried.succeeds) {
    for (const field of tried.fields) if (!before.includes(field)) told.push({ sign: '+', good: true, text: `field ${field} now has a column` })
    for (const field of before) if (!tried.fields.includes(field)) told.push({ sign: '−', good: false, text: `field ${field} no longer has a column` })
  }
  for (const { rule, before, after } of tried.issues) told.push({ sign: after > before ? '+' : '−', good: after < before, text: `${rule}: ${many(after, 'issue')}, was ${number(before)}` })
  const changes = tried.changes
  for (const column of changes?.added_columns ?? []) told.push({ sign: '+', text: `column ${column}` })
  for (const column of changes?.removed_columns ?? []) told.push({ sign: '−', text: `column ${column}` })
  if (changes?.added_rows) told.push({ sign: '+', text: many(changes.added_rows, 'row') })
  if (changes?.removed_rows) told.push({ sign: '−', text: many(changes.removed_rows, 'row') })
  if (changes?.changed_cells) told.push({ sign: '±', text: `${many(changes.changed_cells, 'cell')} with a different value` })
  return told
}
