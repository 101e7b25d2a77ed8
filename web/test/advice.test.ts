import { expect, test } from 'vitest'
import { advice } from '../src/parts/advice'

test('commands and routes that are advised are pages here, and the other words stay', () => {
  expect(advice('`ade tokens create NAME`, without --for, creates one')).toEqual({ said: '', page: 'tokens' })
  expect(advice('a worker builds it, as after `POST …/builds`; `GET /api/v1/builds/{}` says how far it is. Then send the request again')).toEqual({ said: 'Then send the request again', page: 'environments' })
  expect(advice("column E was used; its header is not listed in the field. If the column is this field, add the header with `ade fix`")).toEqual({ said: 'column E was used; its header is not listed in the field.', page: 'configs' })
  expect(advice('reload the page; a program sends a bearer token')).toEqual({ said: 'reload the page; a program sends a bearer token', page: null })
  expect(advice('`fill_merged = false` in settings.toml leaves them')).toEqual({ said: '`fill_merged = false` in settings.toml leaves them', page: null })
  expect(advice(null)).toEqual({ said: '', page: null })
})
