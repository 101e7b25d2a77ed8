// Formats numbers, times and sizes for people.
import { signal } from '@preact/signals'

/** The current time, updated regularly, for shown ages. */
export const now = signal(Date.now())
setInterval(() => document.hidden || (now.value = Date.now()), 1000)

/** A name for use in a sentence: characters that change text direction are escaped. */
export const plainly = (name: string | null | undefined) => (name ?? '').replace(/[\u202a-\u202e\u2066-\u2069]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16)}`)

export const number = (value: number) => value.toLocaleString('en')

export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let at = 0
  while (bytes >= 1024 && at < units.length - 1) {
    bytes /= 1024
    at++
  }
  return `${at ? bytes.toFixed(1) : bytes} ${units[at]}`
}

/** Formats a duration: 405 ms, 1.9 s, 14 min 59 s. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d`
}

export function ago(time: string | null | undefined): string {
  if (!time) return 'never'
  const ms = now.value - Date.parse(time)
  if (ms < 2000) return 'just now'
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s ago`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ago`
  return `${Math.floor(ms / 86_400_000)} days ago`
}

const pad = (value: number, width = 2) => String(value).padStart(width, '0')

export function clock(time: string | number, millis = false): string {
  const at = new Date(time)
  const text = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`
  return millis ? `${text}.${pad(at.getMilliseconds(), 3)}` : text
}

export function day(time: string): string {
  const at = new Date(time)
  const today = new Date(now.value)
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
  const days = Math.round((midnight(today) - midnight(at)) / 86_400_000)
  if (days === 0) return 'today'
  if (days === 1) return 'yesterday'
  return `${at.getDate()} ${at.toLocaleString('en', { month: 'short' })}${at.getFullYear() === today.getFullYear() ? '' : ` ${at.getFullYear()}`}`
}

/** Formats a time for a list: the time if today, else the day. */
export const moment = (time: string) => (day(time) === 'today' ? clock(time) : `${day(time)}, ${clock(time).slice(0, 5)}`)

/** Formats a time to the minute. */
export const stamp = (time: string) => `${day(time)} ${clock(time).slice(0, 5)}`

/** Returns the end of an id, by which people tell runs apart. */
export const short = (id: string) => id.slice(-6)

export const many = (count: number, one: string, more = `${one}s`) => `${number(count)} ${count === 1 ? one : more}`

const RULES: Record<string, string> = { value_lost: ' (not readable, left empty)', digits_lost: ' (digits cut off)', half_converted: ' (dates and texts mixed)' }
/** Returns a rule, with its meaning if the name alone does not say it. */
export const ruleText = (rule: string) => rule + (RULES[rule.split('.')[1]] ?? '')

/** Joins the non-empty texts. */
export const listed = (all: unknown[], between = ', ') => all.filter(Boolean).join(between)

/** Returns a column's letters; the number counts from 1. */
export function letters(column: number): string {
  let text = ''
  for (; column > 0; column = Math.floor((column - 1) / 26)) text = String.fromCharCode(65 + ((column - 1) % 26)) + text
  return text
}

export const columnOf = (letters: string) => [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0)

/** Parses a cell's name into row and column. */
export function place(cell: string): { row: number; column: number } | null {
  const found = /^([A-Z]{1,3})([0-9]{1,7})$/.exec(cell.toUpperCase())
  return found && { row: Number(found[2]), column: columnOf(found[1]) }
}

/** Quotes a word of the command line if a shell would split it. */
export const quoted = (word: string) => (/^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
