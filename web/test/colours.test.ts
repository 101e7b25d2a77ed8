import { expect, test } from 'vitest'
import { coloured, indentBelow } from '../src/editor/colours'

const python = (text: string) => [...coloured(text, 'python')].map(({ from, to, colour }) => `${colour} ${text.slice(from, to)}`)
const toml = (text: string) => [...coloured(text, 'toml')].map(({ from, to, colour }) => `${colour} ${text.slice(from, to)}`)

test('Python has words, names, strings, numbers and comments', () => {
  expect(python('@hook\ndef clean(x1):  # tidy "it"\n    return f"a\\"b" if x1 is not None else 1.5e3')).toEqual(['name @hook', 'key def', 'name clean', 'comment # tidy "it"', 'key return', 'string f"a\\"b"', 'key if', 'key is', 'key not', 'number None', 'key else', 'number 1.5e3'])
})

test('a string over several lines ends where it ends, and one that is not closed with its line', () => {
  expect(python('"""a\n# b\n""" # c\n"open\nx = 1')).toEqual(['string """a\n# b\n"""', 'comment # c', 'string "open', 'number 1'])
  expect(python("'''never")).toEqual(["string '''never"])
})

test('TOML has headings, keys and values', () => {
  expect(toml('[tool.ade]\nname = "x = 1" # y\nworkers = 4\non = true\n[[list]]')).toEqual(['name [tool.ade]', 'name name', 'string "x = 1"', 'comment # y', 'name workers', 'number 4', 'name on', 'number true', 'name [[list]]'])
})

test('a new line is as deep as its block', () => {
  expect(indentBelow('def f():')).toBe('    ')
  expect(indentBelow('    if x:  # why')).toBe('        ')
  expect(indentBelow('        return x')).toBe('    ')
  expect(indentBelow('    x = 1')).toBe('    ')
})
