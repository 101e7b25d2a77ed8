// The editor, opened on demand. It lives in a shadow root: its style sheets are adopted there, which a strict policy allows.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { HighlightStyle, StreamLanguage, bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language'
import { python } from '@codemirror/legacy-modes/mode/python'
import { toml } from '@codemirror/legacy-modes/mode/toml'
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import { EditorState } from '@codemirror/state'
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'

export interface Message {
  line: number
  text: string
  severity: 'error' | 'warning'
}
export interface Editor {
  text(): string
  show(messages: Message[]): void
  line(line: number): void
  destroy(): void
}
interface Wishes {
  name: string
  text: string
  readOnly: boolean
  changed: () => void
  save: () => void
  cursor: (line: number, column: number) => void
}

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.definitionKeyword, tags.controlKeyword], color: 'light-dark(#7a2f8f, #d8a3e8)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.atom], color: 'var(--warn)' },
  { tag: tags.comment, color: 'var(--ink-3)', fontStyle: 'italic' },
  { tag: [tags.definition(tags.variableName), tags.meta, tags.propertyName], color: 'var(--accent)' },
])

const look = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--surface)', fontSize: '12px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', fontVariantLigatures: 'none' },
  '.cm-gutters': { color: 'var(--ink-3)', backgroundColor: 'var(--surface)', border: '0', paddingLeft: '8px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--accent-line) !important' },
  '.cm-panels': { color: 'var(--ink)', backgroundColor: 'var(--paper)' },
  '.cm-tooltip': { color: 'var(--ink)', backgroundColor: 'var(--surface)', border: '1px solid var(--line-2)' },
})

export function open(holder: HTMLElement, wishes: Wishes): Editor {
  const root = holder.shadowRoot ?? holder.attachShadow({ mode: 'open' })
  root.replaceChildren()
  const inside = document.createElement('div')
  inside.style.height = '100%'
  root.append(inside)
  const language = wishes.name.endsWith('.py') ? [StreamLanguage.define(python)] : wishes.name.endsWith('.toml') ? [StreamLanguage.define(toml)] : []
  const view = new EditorView({
    parent: inside,
    root,
    state: EditorState.create({
      doc: wishes.text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        lintGutter(),
        ...language,
        syntaxHighlighting(colours),
        look,
        EditorState.readOnly.of(wishes.readOnly),
        EditorState.tabSize.of(4),
        EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': `${wishes.name}${wishes.readOnly ? ', read only' : ''}` }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) wishes.changed()
          if (!update.selectionSet && !update.docChanged) return
          const at = update.state.selection.main.head
          const line = update.state.doc.lineAt(at)
          wishes.cursor(line.number, at - line.from + 1)
        }),
        keymap.of([{ key: 'Mod-s', preventDefault: true, run: () => (wishes.save(), true) }, ...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap, indentWithTab]),
      ],
    }),
  })
  const lineAt = (line: number) => view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)))
  return {
    text: () => view.state.doc.toString(),
    show(messages) {
      const all = messages.map((message): Diagnostic => {
        const line = lineAt(message.line)
        return { from: line.from + (line.text.length - line.text.trimStart().length), to: line.to, severity: message.severity, message: message.text }
      })
      view.dispatch(setDiagnostics(view.state, all))
    },
    line(line) {
      const at = lineAt(line)
      view.dispatch({ selection: { anchor: at.from }, effects: EditorView.scrollIntoView(at.from, { y: 'center' }) })
      view.focus()
    },
    destroy: () => view.destroy(),
  }
}
