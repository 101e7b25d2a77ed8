// Different lines, from a unified diff or from two texts, arranged side by side.

export interface Line {
  kind: 'same' | 'minus' | 'plus'
  text: string
  /** The line number on each side, from 1; 0: absent. */
  a: number
  b: number
}

/** A group of different lines with some context. */
export type Hunk = Line[]

export function parsePatch(patch: string): Hunk[] {
  const hunks: Hunk[] = []
  let a = 0
  let b = 0
  // A hunk ends after the number of lines in its head: a line `--- x` inside it is a removed line.
  let left = 0
  let right = 0
  for (const text of patch.split('\n')) {
    const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(text)
    if (head && !left && !right) {
      a = Number(head[1])
      b = Number(head[3])
      left = Number(head[2] ?? 1)
      right = Number(head[4] ?? 1)
      hunks.push([])
      continue
    }
    if (!left && !right) continue
    const hunk = hunks.at(-1)!
    if (text.startsWith('-')) hunk.push({ kind: 'minus', text: text.slice(1), a: a++, b: 0 }), left--
    else if (text.startsWith('+')) hunk.push({ kind: 'plus', text: text.slice(1), a: 0, b: b++ }), right--
    else if (!text.startsWith('\\')) hunk.push({ kind: 'same', text: text.slice(1), a: a++, b: b++ }), left--, right--
  }
  return hunks
}

/** Returns the lengths of the common beginning and end of two lists or texts. */
function alike(left: ArrayLike<string>, right: ArrayLike<string>): [start: number, end: number] {
  const least = Math.min(left.length, right.length)
  let start = 0
  while (start < least && left[start] === right[start]) start++
  let end = 0
  while (end < least - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end++
  return [start, end]
}

/** Merges the lines of two texts into one list with both. */
export function diffLines(from: string, to: string): Line[] {
  const left = from.split('\n')
  const right = to.split('\n')
  const [start, end] = alike(left, right)
  const rows = left.length - start - end
  const columns = right.length - start - end
  const lines: Line[] = []
  for (let at = 0; at < start; at++) lines.push({ kind: 'same', text: left[at], a: at + 1, b: at + 1 })
  const minus = (at: number) => lines.push({ kind: 'minus', text: left[start + at], a: start + at + 1, b: 0 })
  const plus = (at: number) => lines.push({ kind: 'plus', text: right[start + at], a: 0, b: start + at + 1 })
  let i = 0
  let j = 0
  if (rows * columns <= 4_000_000) {
    // The longest common lines of the remaining parts.
    const width = columns + 1
    const longest = new Uint32Array((rows + 1) * width)
    for (let i = rows - 1; i >= 0; i--)
      for (let j = columns - 1; j >= 0; j--)
        longest[i * width + j] = left[start + i] === right[start + j] ? longest[(i + 1) * width + j + 1] + 1 : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1])
    while (i < rows && j < columns) {
      if (left[start + i] === right[start + j]) lines.push({ kind: 'same', text: left[start + i], a: start + i++ + 1, b: start + j++ + 1 })
      else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) minus(i++)
      else plus(j++)
    }
  }
  while (i < rows) minus(i++)
  while (j < columns) plus(j++)
  for (let at = end; at > 0; at--) lines.push({ kind: 'same', text: left.at(-at)!, a: left.length - at + 1, b: right.length - at + 1 })
  return lines
}

/** Returns the differences with three lines of context. */
export function hunksOf(lines: Line[], around = 3): Hunk[] {
  const near = new Uint8Array(lines.length)
  lines.forEach((line, at) => line.kind !== 'same' && near.fill(1, Math.max(0, at - around), at + around + 1))
  const hunks: Hunk[] = []
  lines.forEach((line, at) => {
    if (!near[at]) return
    if (!at || !near[at - 1]) hunks.push([])
    hunks.at(-1)!.push(line)
  })
  return hunks
}

/** Arranges lines side by side: a removed line is next to its replacement. */
export function paired(hunk: Hunk): [Line | null, Line | null][] {
  const rows: [Line | null, Line | null][] = []
  for (let at = 0; at < hunk.length; ) {
    if (hunk[at].kind === 'same') {
      rows.push([hunk[at], hunk[at++]])
      continue
    }
    const gone: Line[] = []
    const come: Line[] = []
    for (; at < hunk.length && hunk[at].kind !== 'same'; at++) (hunk[at].kind === 'minus' ? gone : come).push(hunk[at])
    for (let n = 0; n < Math.max(gone.length, come.length); n++) rows.push([gone[n] ?? null, come[n] ?? null])
  }
  return rows
}

/** Returns the range of a line that differs from its partner; nothing if most of the line differs. */
export function otherPart(text: string, partner: string): [number, number] | null {
  const [start, end] = alike(text, partner)
  const common = start + end
  return common * 2 < Math.max(text.length, partner.length) || start === text.length - end ? null : [start, text.length - end]
}

export const count = (hunks: Hunk[], kind: Line['kind']) => hunks.reduce((sum, hunk) => sum + hunk.filter((line) => line.kind === kind).length, 0)
