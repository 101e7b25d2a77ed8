// A run's log as it is held: lines in their order, which of them are shown, how many there are of each level.
import type { Schemas } from '../api/client'

/** A line, with what is searched in it, made once when it arrives. */
export type Line = Schemas['LogEntry'] & { text: string }
export const lineOf = (entry: Schemas['LogEntry']): Line => Object.assign(entry, { text: `${entry.event} ${entry.message}`.toLowerCase() })
export const LEVELS = ['debug', 'info', 'warning', 'error'] as const
export type Level = (typeof LEVELS)[number]

export const rank = (level: string) => Math.max(0, LEVELS.indexOf(level as Level))

/** The places of the lines that are shown, appended to those that were found before. */
export function shownFrom(lines: Line[], from: number, least: Level, event: string, q: string): number[] {
  const found: number[] = []
  const text = q.toLowerCase()
  const lowest = rank(least)
  for (let at = from; at < lines.length; at++) {
    const line = lines[at]
    if (rank(line.level) < lowest || (event && line.event !== event)) continue
    if (text && !line.text.includes(text)) continue
    found.push(at)
  }
  return found
}

/** The next place of an error after (or before) a place among the shown ones; they wrap. */
export function nextError(lines: Line[], shown: number[], from: number, step: 1 | -1): number {
  for (let count = 1; count <= shown.length; count++) {
    const at = (from + step * count + shown.length * 2) % shown.length
    if (lines[shown[at]].level === 'error') return at
  }
  return -1
}
