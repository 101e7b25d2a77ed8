// The editor, opened on demand. It lives in a shadow root: its style sheets are adopted there, which a strict policy allows.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { HighlightStyle, StreamLanguage, bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language'
import { python } from '@codemirror/legacy-modes/mode/python'
import { toml } from '@codemirror/legacy-modes/mode/toml'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import { EditorState, StateEffect, StateField } from '@codemirror/state'
import { Decoration, EditorView, WidgetType, drawSelection, type DecorationSet, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'

export interface Message {
  line: number
  text: string
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
  '.wrong': { backgroundColor: 'var(--bad-soft)' },
  '.message': { margin: '2px 16px 6px 6px', padding: '6px 10px', border: '1px solid var(--bad-line)', borderLeft: '3px solid var(--bad)', borderRadius: '3px', font: '400 12px/18px var(--sans)', whiteSpace: 'normal' },
  '.cm-panels': { color: 'var(--ink)', backgroundColor: 'var(--paper)' },
  '.cm-tooltip': { color: 'var(--ink)', backgroundColor: 'var(--surface)', border: '1px solid var(--line-2)' },
})

/** A message stands below its line. */
class Below extends WidgetType {
  constructor(private message: Message) {
    super()
  }
  eq(other: Below) {
    return other.message.text === this.message.text
  }
  toDOM() {
    const element = document.createElement('div')
    element.className = 'message'
    element.setAttribute('role', 'note')
    element.textContent = this.message.text
    return element
  }
}

const told = StateEffect.define<Message[]>()
const messages = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(known, change) {
    for (const effect of change.effects) {
      if (!effect.is(told)) continue
      const { doc } = change.state
      return Decoration.set(
        effect.value
          .filter((message) => message.line >= 1 && message.line <= doc.lines)
          .sort((a, b) => a.line - b.line)
          .flatMap((message) => {
            const line = doc.line(message.line)
            return [Decoration.line({ class: 'wrong' }).range(line.from), Decoration.widget({ widget: new Below(message), block: true, side: 1 }).range(line.to)]
          }),
      )
    }
    return known.map(change.changes)
  },
  provide: (field) => EditorView.decorations.from(field),
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
        messages,
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
        keymap.of([{ key: 'Mod-s', preventDefault: true, run: () => (wishes.save(), true) }, ...defaultKeymap, ...historyKeymap, ...searchKeymap, indentWithTab]),
      ],
    }),
  })
  const lineAt = (line: number) => view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)))
  return {
    text: () => view.state.doc.toString(),
    show: (all) => view.dispatch({ effects: told.of(all) }),
    line(line) {
      const at = lineAt(line)
      view.dispatch({ selection: { anchor: at.from }, effects: EditorView.scrollIntoView(at.from, { y: 'center' }) })
      view.focus()
    },
    destroy: () => view.destroy(),
  }
}
