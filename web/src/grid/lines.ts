// Maps the rows of both sides of a sheet to grid lines, as ranges that are found by binary search.

export interface Stretch {
  /** The first line, from 0, and the number of lines. */
  line: number
  count: number
  /** The first row in the sender's sheet and in the normalized one; 0: none. */
  input: number
  output: number
  /** The reason that the rows were not written. */
  why: string
}

/** A row range as the API returns it (`RowSegment`). */
export interface Segment {
  row?: number | null
  output_sheet?: string | null
  output_row?: number | null
  count?: number | null
  descending: boolean
  turned: boolean
  reason?: string | null
  hook?: string | null
  unknown: boolean
}

export interface Line {
  input: number
  output: number
  why: string
}

export interface Lines {
  total: number
  at(line: number): Line
  /** Returns the line of a row; if the row has none, the nearest line before it. */
  of(side: 'input' | 'output', row: number): number
  aligned: boolean
}

const WORDS: Record<string, string> = {
  header: 'header',
  blank: 'blank row',
  total: 'totals',
  note: 'note',
  title: 'title, above the table',
  repeated_header: 'repeated header',
  outside: 'outside the table',
  dropped: 'dropped',
  quarantined: 'moved to the sheet of faulty rows',
  line: 'further line of the record above',
  other: 'not a record, for example a section title',
}

export function reasonText(segment: Segment): string {
  const word = WORDS[segment.reason ?? ''] ?? segment.reason ?? ''
  if (segment.reason === 'quarantined' && segment.output_row) return `moved to row ${segment.output_row} of ${segment.output_sheet}`
  if (!segment.hook) return word
  return segment.reason === 'dropped' ? `dropped by ${segment.hook}` : `${word} · dropped by ${segment.hook}`
}

/** Returns the last range that begins at or before a value. */
export function search(stretches: Stretch[], key: 'line' | 'input' | 'output', value: number): Stretch | null {
  return stretches[above(stretches.length, (at) => stretches[at][key] <= value) - 1] ?? null
}

/** Returns how many of the first items satisfy the condition, by binary search. */
function above(count: number, isBelow: (at: number) => boolean): number {
  let low = 0
  while (low < count) {
    const middle = (low + count) >> 1
    if (isBelow(middle)) low = middle + 1
    else count = middle
  }
  return low
}

/** Returns why rows cannot be side by side; empty if they can. */
export function hindrance(segments: Segment[] | null): string {
  if (!segments) return 'Which rows belong together is unknown: edition 2026 of a configuration records it.'
  let last = 0
  let sheet: string | null = null
  for (const segment of segments) {
    if (segment.unknown) return `Which rows belong together is unknown${segment.hook ? `: ${segment.hook} replaced them` : ''}.`
    if (segment.reason || !segment.output_row) continue
    if (segment.turned) return 'The table is turned: its records are columns.'
    if (segment.descending || segment.output_row < last) return 'The rows were sorted or merged.'
    if (sheet && segment.output_sheet !== sheet) return 'The rows went to several sheets.'
    sheet = segment.output_sheet ?? null
    last = segment.output_row + (segment.count ?? 1)
  }
  return ''
}

/** Returns the output sheet with most of the rows. */
export function partnerSheet(segments: Segment[] | null): string | null {
  const counts = new Map<string, number>()
  for (const segment of segments ?? [])
    if (segment.output_sheet && segment.output_row && !segment.reason) counts.set(segment.output_sheet, (counts.get(segment.output_sheet) ?? 0) + (segment.count ?? 1))
  return [...counts].sort((x, y) => y[1] - x[1])[0]?.[0] ?? null
}

/** Also for a header that repeats the table above: separate tables are each written with a header. */
const isHeader = ({ why }: Stretch) => why === WORDS.header || why === WORDS.repeated_header

/** Aligns the rows of both sides: rows that were not written get a line with the reason, and added rows get their own lines. */
export function aligned(segments: Segment[], inputRows: number, outputRows: number): Lines {
  const stretches: Stretch[] = []
  let line = 0
  let nextA = 1
  let nextB = 1
  const push = (count: number, input: number, output: number, why = '') => {
    if (count <= 0) return
    stretches.push({ line, count, input, output, why })
    line += count
  }
  for (const segment of segments) {
    if (!segment.row) continue
    const count = segment.count ?? 1
    if (segment.row > nextA) push(segment.row - nextA, nextA, 0, 'outside the table')
    nextA = Math.max(nextA, segment.row + count)
    const b = segment.reason ? 0 : (segment.output_row ?? 0)
    if (b > nextB) {
      // Output rows that come from no input row: the sender's last header row is next to the output's header, which is their last row; rows that
      // separate tables are above.
      const at = stretches.findLastIndex((before) => before.output || isHeader(before))
      const header = stretches[at] && isHeader(stretches[at]) ? stretches[at] : null
      if (header && at === stretches.length - 1) {
        header.count--
        line--
        if (!header.count) stretches.pop()
        push(b - 1 - nextB, 0, nextB)
        push(1, header.input + header.count, b - 1)
      } else if (header?.count === 1 && nextB === b - 1) Object.assign(header, { output: nextB, why: '' })
      else push(b - nextB, 0, nextB)
    }
    push(count, segment.row, b, segment.reason ? reasonText(segment) : '')
    if (b) nextB = b + count
  }
  push(inputRows - nextA + 1, nextA, 0, 'outside the table')
  push(outputRows - nextB + 1, 0, nextB)
  const by = { input: stretches.filter((stretch) => stretch.input), output: stretches.filter((stretch) => stretch.output) }
  return {
    total: line,
    aligned: true,
    at(line) {
      const found = search(stretches, 'line', line)
      if (!found || line >= found.line + found.count) return { input: 0, output: 0, why: '' }
      const step = line - found.line
      return { input: found.input && found.input + step, output: found.output && found.output + step, why: found.why }
    },
    of(side, row) {
      const found = search(by[side], side, row)
      return found ? found.line + Math.min(row - found[side], found.count - 1) : 0
    },
  }
}

/** Lines for both sides independently; the right side is `shift` rows further down. */
export function apart(inputRows: number, outputRows: number, shift = 0): Lines {
  const first = Math.min(0, -shift)
  const total = Math.max(inputRows, outputRows - shift) - first
  const within = (row: number, rows: number) => (row >= 1 && row <= rows ? row : 0)
  return {
    total,
    aligned: false,
    at: (line) => ({ input: within(line + first + 1, inputRows), output: within(line + first + shift + 1, outputRows), why: '' }),
    of: (side, row) => Math.max(0, Math.min(total - 1, row - 1 - first - (side === 'output' ? shift : 0))),
  }
}

/** Returns the partner of a row if the sides are not aligned. */
export function partnerRow(segments: Segment[] | null, side: 'input' | 'output', row: number): number {
  for (const segment of segments ?? []) {
    if (segment.reason || !segment.row || !segment.output_row || segment.unknown || segment.turned) continue
    const count = segment.count ?? 1
    const step = segment.descending ? -1 : 1
    if (side === 'input' && row >= segment.row && row < segment.row + count) return segment.output_row + step * (row - segment.row)
    const back = (row - segment.output_row) * step
    if (side === 'output' && back >= 0 && back < count) return segment.row + back
  }
  return 0
}

/** Lines for only these rows of a side, in order. */
export function only(lines: Lines, side: 'input' | 'output', rows: Iterable<number>): Lines {
  const kept = [...new Set([...rows].map((row) => lines.of(side, row)))].sort((line, other) => line - other)
  return {
    ...lines,
    total: kept.length,
    at: (line) => lines.at(kept[line] ?? 0),
    of: (side, row) => {
      const line = lines.of(side, row)
      return Math.max(0, above(kept.length, (at) => kept[at] <= line) - 1)
    },
  }
}
