import { expect, test } from 'vitest'
import { said } from '../src/pages/configs-words'

test('an error says its place once', () => {
  const error = { code: 'config_import_failed', stage: null, hint: null, file: 'src/a.py', line: 7 }
  expect(said({ ...error, message: "NameError: name 'x' is not defined (<configuration>/src/a.py, line 7, in <module>)" })).toBe("NameError: name 'x' is not defined")
  expect(said({ ...error, line: undefined, message: 'no (<configuration>/src/a.py, line 7)' })).toBe('no (<configuration>/src/a.py, line 7)')
})
