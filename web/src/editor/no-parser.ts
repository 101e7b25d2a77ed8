// Replaces @codemirror/language, @lezer/common and w3c-keyname (vite.config.ts) with the parts that the editor needs. Without their parsers, which
// nothing here uses, the editor is a fifth smaller.
import { countColumn, EditorState, Facet } from '@codemirror/state'

export const indentUnit = Facet.define<string, string>({ combine: (values) => values[0] ?? '    ' })
export const getIndentUnit = (state: EditorState) => countColumn(state.facet(indentUnit), state.tabSize)
export const indentString = (_: EditorState, columns: number) => ' '.repeat(columns)

// Commands without keys refer to these.
const none = () => null
export { none as getIndentation, none as IndentContext, none as matchBrackets, none as NodeProp, none as syntaxTree }

// Key names by code, for keyboards with another alphabet.
const named = (letter: (code: number) => string) => Object.fromEntries([...Array(91).keys()].slice(48).map((code) => [code, letter(code)]))
export const base: Record<number, string> = { ...named((code) => String.fromCharCode(code).toLowerCase()), 191: '/', 219: '[', 221: ']' }
export const shift: Record<number, string> = named(String.fromCharCode)
// With Shift and Cmd, a Mac reports keys as if Shift were up.
export const keyName = ({ key, keyCode, metaKey, shiftKey }: KeyboardEvent) => (metaKey && shiftKey && shift[keyCode]) || key
