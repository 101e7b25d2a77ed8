import { expect, test } from 'vitest'
import { count, diffLines, hunksOf, otherPart, paired, parsePatch } from '../src/pages/patch'

test('a unified diff has its line numbers', () => {
  const [first, second] = parsePatch('--- a/x\n+++ b/x\n@@ -5,3 +5,4 @@ def x\n one\n-two\n+TWO\n+and\n three\n@@ -40 +41 @@\n-last\n\\ No newline at end of file\n+last\n')
  expect(first.map((line) => [line.kind, line.text, line.a, line.b])).toEqual([
    ['same', 'one', 5, 5],
    ['minus', 'two', 6, 0],
    ['plus', 'TWO', 0, 6],
    ['plus', 'and', 0, 7],
    ['same', 'three', 7, 8],
  ])
  expect(second.map((line) => [line.kind, line.a, line.b])).toEqual([
    ['minus', 40, 0],
    ['plus', 0, 41],
  ])
})

test('a removed line of dashes is no head of a file', () => {
  const hunks = parsePatch('@@ -1,2 +1 @@\n--- x\n same\n')
  expect(hunks[0][0]).toEqual({ kind: 'minus', text: '-- x', a: 1, b: 0 })
})

test('two texts differ in the fewest lines', () => {
  const lines = diffLines('a\nb\nc\nd', 'a\nc\nx\nd')
  expect(lines.map((line) => `${line.kind[0]}${line.text}${line.a}${line.b}`)).toEqual(['sa11', 'mb20', 'sc32', 'px03', 'sd44'])
  expect(diffLines('a', 'a').every((line) => line.kind === 'same')).toBe(true)
  expect(diffLines('', 'a').map((line) => line.kind)).toEqual(['minus', 'plus'])
  const texts = ['a\nb\na\nc\nb\nb\na', 'c\nb\na\nb\na\nc', '', 'x']
  for (const from of texts)
    for (const to of texts) {
      const lines = diffLines(from, to)
      expect(lines.filter((line) => line.kind !== 'plus').map((line) => line.text).join('\n')).toBe(from)
      expect(lines.filter((line) => line.kind !== 'minus').map((line) => line.text).join('\n')).toBe(to)
    }
})

test('hunks have three lines around, and join where they touch', () => {
  const from = Array.from({ length: 30 }, (_, at) => `line ${at}`)
  const to = [...from]
  to[5] = 'other'
  to[11] = 'other'
  to[25] = 'other'
  const hunks = hunksOf(diffLines(from.join('\n'), to.join('\n')))
  expect(hunks.map((hunk) => [hunk[0].a, hunk.at(-1)!.a])).toEqual([[3, 15], [23, 29]])
  expect(count(hunks, 'plus')).toBe(3)
})

test('what was removed stands beside what came', () => {
  const rows = paired(diffLines('a\nb\nc', 'a\nB\nB2\nc'))
  expect(rows.map(([left, right]) => [left?.text ?? null, right?.text ?? null])).toEqual([
    ['a', 'a'],
    ['b', 'B'],
    [null, 'B2'],
    ['c', 'c'],
  ])
})

test('the part of a line that changed stands out', () => {
  expect(otherPart('MOST = 60', 'MOST = 80')).toEqual([7, 8])
  expect(otherPart('("mail")', '("mail", "contact")')).toBe(null)
  expect(otherPart('("mail", "contact")', '("mail")')).toEqual(null)
  expect(otherPart('("email", "mail", "post")', '("email", "mail")')).toEqual([16, 24])
  expect(otherPart('entirely', 'different')).toBe(null)
})
