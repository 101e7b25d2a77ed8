// A run's log in memory: its lines in order, the visible ones, and the count of each level.
import type { Schemas } from '../api/client'

/** A line with its searchable text, which is made once when it arrives. */
export type Line = Schemas['LogEntry'] & { text: string }
export const lineOf = (entry: Schemas['LogEntry']): Line => Object.assign(entry, { text: `${entry.event} ${entry.message}`.toLowerCase() })
export const LEVELS = ['debug', 'info', 'warning', 'error'] as const
export type Level = (typeof LEVELS)[number]

export const rank = (level: string) => Math.max(0, LEVELS.indexOf(level as Level))

/** Appends the positions of newly matching lines to those found before. */
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

/** Returns the next position of an error after (or before) a position among the shown lines, wrapping around. */
export function nextError(lines: Line[], shown: number[], from: number, step: 1 | -1): number {
  for (let count = 1; count <= shown.length; count++) {
    const at = (from + step * count + shown.length * 2) % shown.length
    if (lines[shown[at]].level === 'error') return at
  }
  return -1
}
