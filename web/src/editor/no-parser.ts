// In the place of @codemirror/language and @lezer/common (vite.config.ts): what the commands of the editor need of them. Without the
// parsers, which nothing here uses, the editor is a fifth smaller.
import { countColumn, EditorState, Facet } from '@codemirror/state'

export const indentUnit = Facet.define<string, string>({ combine: (values) => values[0] ?? '    ' })
export const getIndentUnit = (state: EditorState) => countColumn(state.facet(indentUnit), state.tabSize)
export const indentString = (_: EditorState, columns: number) => ' '.repeat(columns)

// Named by commands that no key is bound to.
const none = () => null
export { none as getIndentation, none as IndentContext, none as matchBrackets, none as NodeProp, none as syntaxTree }
