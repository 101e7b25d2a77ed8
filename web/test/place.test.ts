import { expect, test } from 'vitest'
import { wanted } from '../src/pages/place-names'

const finds = (name: string, lines: string[]) => {
  for (const pattern of wanted(name)) {
    const at = lines.findIndex((line) => pattern.test(line))
    if (at >= 0) return at
  }
  return -1
}

test('a rule is found where its function is, else where its field is', () => {
  const lines = ['HEADERS = {"hours": 1}', 'def up_to_80(name):', '    Field("hours", "Hours",', "    Field('pay', 'Pay')"]
  expect(finds('hours.up_to_80', lines)).toBe(1)
  expect(finds('hours.value_lost', lines)).toBe(2)
  expect(finds("Field('pay').read", lines)).toBe(3)
  expect(finds('up_to_80', lines)).toBe(1)
  expect(finds('other.rule', lines)).toBe(-1)
})
