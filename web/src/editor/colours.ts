// Syntax colours for Python and TOML, from one regular expression each.
export type Colour = 'key' | 'string' | 'number' | 'comment' | 'name'
export interface Part {
  from: number
  to: number
  colour: Colour
}

const QUOTED = String.raw`(?<quote>"""|''')[^]*?(?:\k<quote>|$)|(?<mark>["'])(?:\\[^]|(?!\k<mark>)[^\n\\])*(?:\k<mark>|$|(?=\n))`
const PYTHON = new RegExp(String.raw`#.*|(?:\b[bfruBFRU]{1,2})?(?:${QUOTED})|@[\w.]+|\b(?:def|class)[ \t]+(?<made>\w+)|(?<!\w)\d[\w.]*|[A-Za-z_]\w*`, 'g')
const TOML = new RegExp(String.raw`#.*|(?<head>^[ \t]*\[[^\n]*\])|(?<named>(?<=(?:^|[{,])[ \t]*)[\w.-]+(?=[ \t]*=))|${QUOTED}|(?<![\w-])[+-]?\d[\w.:+-]*|\b(?:true|false)\b`, 'gm')
const WORDS = new Set('and as assert async await break class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield'.split(' '))
const VALUES = new Set(['True', 'False', 'None'])

export const languageOf = (path: string) => (path.endsWith('.py') ? 'python' : /\.toml$|\.lock$/.test(path) ? 'toml' : null)

export function* coloured(text: string, language: 'python' | 'toml'): Generator<Part> {
  for (const { 0: found, index: from, groups } of text.matchAll(language === 'python' ? PYTHON : TOML)) {
    const to = from + found.length
    const { made, head, named, quote, mark } = groups!
    if (found[0] === '#') yield { from, to, colour: 'comment' }
    else if (quote || mark) yield { from, to, colour: 'string' }
    else if (made) {
      yield { from, to: from + found.search(/\s/), colour: 'key' }
      yield { from: to - made.length, to, colour: 'name' }
    } else if (head || named || found[0] === '@') yield { from, to, colour: 'name' }
    else if (/^[+-]?\d|^true$|^false$/.test(found) || VALUES.has(found)) yield { from, to, colour: 'number' }
    else if (language === 'python' && WORDS.has(found)) yield { from, to, colour: 'key' }
  }
}

/** Returns the indent of a new line: that of the line before it, deeper after an opened block, less deep after an ended one. */
export function indentBelow(line: string): string {
  const indent = /^\s*/.exec(line)![0]
  const code = line.replace(/#[^"']*$/, '').trimEnd()
  if (/[:([{]$/.test(code)) return `${indent}    `
  if (/^\s*(?:return|raise|pass|break|continue)\b/.test(code)) return indent.slice(0, -4)
  return indent
}
