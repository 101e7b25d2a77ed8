// The editor of a configuration's files: CodeMirror, in a chunk that is loaded when a file is opened. It lives in a shadow root, where
// its rules are adopted style sheets: the policy of the page allows no style elements.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, StreamLanguage, syntaxHighlighting } from '@codemirror/language'
import { python } from '@codemirror/legacy-modes/mode/python'
import { toml } from '@codemirror/legacy-modes/mode/toml'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { EditorState, StateEffect, StateField, type Extension } from '@codemirror/state'
import { Decoration, drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers, WidgetType, type DecorationSet } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import type { Message } from '../pages/configs-bench'

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword], color: 'var(--code-key)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.atom, tags.null], color: 'var(--code-number)' },
  { tag: tags.comment, color: 'var(--ink-3)' },
  { tag: [tags.definition(tags.variableName), tags.function(tags.variableName), tags.propertyName, tags.meta, tags.heading], color: 'var(--accent)' },
])

const look = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--surface)', color: 'var(--ink)', fontSize: '12px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', fontVariantLigatures: 'none', overscrollBehavior: 'contain' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 16px 0 2px' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--ink-3)', border: '0' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 12px 0 0', minWidth: '46px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--hover) 70%, transparent)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { background: 'var(--accent-line)', opacity: '0.45' },
  '.cm-selectionMatch': { backgroundColor: 'var(--accent-soft)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-soft)', outline: '1px solid var(--accent-line)' },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-soft)', outline: '1px solid var(--warn-line)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--accent-soft)', outline: '1px solid var(--accent)' },
  '.cm-wrong': { backgroundColor: 'var(--bad-soft) !important' },
  // Room around it by padding: heights are measured without margins.
  '.cm-told': { padding: '2px 24px 6px 2px' },
  '.cm-message': { padding: '6px 10px', border: '1px solid var(--bad-line)', borderLeft: '3px solid var(--bad)', borderRadius: '3px', background: 'var(--surface)', font: '400 12px/18px var(--sans)', whiteSpace: 'normal', overflowWrap: 'anywhere', maxWidth: 'min(860px, calc(100vw - 110px))' },
  '.cm-message strong': { display: 'block' },
  '.cm-message span': { color: 'var(--ink-2)' },
  '.cm-panels': { backgroundColor: 'var(--paper)', color: 'var(--ink)', borderColor: 'var(--line-2) !important' },
  '.cm-panel.cm-search': { padding: '6px 28px 6px 12px', font: '400 12px/20px var(--sans)' },
  '.cm-panel.cm-search label': { fontSize: '12px' },
  '.cm-textfield': { height: '26px', padding: '0 8px', border: '1px solid var(--control)', borderRadius: '5px', background: 'var(--surface)', color: 'var(--ink)', fontSize: '12px' },
  '.cm-button': { height: '26px', padding: '0 10px', border: '1px solid var(--line-2)', borderRadius: '5px', background: 'var(--surface)', backgroundImage: 'none', color: 'var(--ink)', font: '500 12px/1 var(--sans)' },
  '.cm-panel button[name=close]': { color: 'var(--ink-2)', fontSize: '16px', top: '6px', right: '8px' },
})

class Told extends WidgetType {
  constructor(readonly message: Message) {
    super()
  }
  override eq(other: Told) {
    return other.message.text === this.message.text && other.message.hint === this.message.hint
  }
  toDOM() {
    const outer = document.createElement('div')
    outer.className = 'cm-told'
    const box = document.createElement('div')
    box.className = 'cm-message'
    outer.append(box)
    const text = document.createElement('strong')
    text.textContent = this.message.text
    box.append(text)
    if (this.message.hint) {
      const hint = document.createElement('span')
      hint.textContent = this.message.hint
      box.append(hint)
    }
    return outer
  }
}

const setMessages = StateEffect.define<Message[]>()
const messageField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(held, change) {
    held = held.map(change.changes)
    for (const effect of change.effects) if (effect.is(setMessages)) held = marks(change.state, effect.value)
    return held
  },
  provide: (field) => EditorView.decorations.from(field),
})

function marks(state: EditorState, messages: Message[]): DecorationSet {
  return Decoration.set(
    messages
      .filter((message) => message.line <= state.doc.lines)
      .flatMap((message) => {
        const line = state.doc.line(message.line)
        return [Decoration.line({ class: 'cm-wrong' }).range(line.from), Decoration.widget({ widget: new Told(message), block: true, side: 1 }).range(line.to)]
      }),
    true,
  )
}

const languageOf = (path: string): Extension => (path.endsWith('.py') ? StreamLanguage.define(python) : /\.toml$|\.lock$/.test(path) ? StreamLanguage.define(toml) : [])

export interface Editor {
  /** Shows a file; what was typed and can be undone in it stays. */
  show(path: string, text: string, readOnly: boolean, messages: Message[]): void
  mark(messages: Message[]): void
  to(line: number): void
  remove(): void
}

export function mount(host: HTMLElement, on: { change: (path: string, text: string) => void; cursor: (line: number, column: number) => void }): Editor {
  const inner = document.createElement('div')
  inner.className = 'editor-root'
  host.append(inner)
  const root = inner.attachShadow({ mode: 'open' })
  // Letters belong to the text, the page's keys with Ctrl and F8 to the page.
  inner.addEventListener('keydown', (event) => event.ctrlKey || event.metaKey || event.key === 'F8' || event.stopPropagation())
  const states = new Map<string, EditorState>()
  let path = ''
  const tell = EditorView.updateListener.of((update) => {
    if (update.docChanged) on.change(path, update.state.sliceDoc())
    if (update.docChanged || update.selectionSet) where()
  })
  const view = new EditorView({ parent: root, root })
  view.dom.style.height = '100%'
  const where = () => {
    const { head } = view.state.selection.main
    const line = view.state.doc.lineAt(head)
    on.cursor(line.number, head - line.from + 1)
  }
  const made = (name: string, text: string, readOnly: boolean) =>
    EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        highlightSelectionMatches(),
        search({ top: true }),
        readOnly ? [] : [highlightActiveLine(), highlightActiveLineGutter()],
        indentUnit.of('    '),
        /\r\n/.test(text) && !/[^\r]\n/.test(text) ? EditorState.lineSeparator.of('\r\n') : [],
        keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, ...(readOnly ? [] : [indentWithTab])]),
        languageOf(name),
        syntaxHighlighting(colours),
        look,
        messageField,
        tell,
        EditorState.readOnly.of(readOnly),
        EditorView.contentAttributes.of({ 'aria-label': readOnly ? `${name}, read only` : `${name}. Esc and then Tab leaves the text`, tabindex: '0' }),
      ],
    })
  const mark = (messages: Message[]) => view.dispatch({ effects: setMessages.of(messages) })
  return {
    show(next, text, readOnly, messages) {
      if (path) states.set(path, view.state)
      path = next
      const kept = states.get(next)
      const fits = kept && kept.sliceDoc() === text && kept.readOnly === readOnly
      view.setState(fits ? kept : made(next, text, readOnly))
      mark(messages)
      where()
    },
    mark,
    to(number) {
      const line = view.state.doc.line(Math.max(1, Math.min(number, view.state.doc.lines)))
      const indent = /^\s*/.exec(line.text)![0].length
      view.dispatch({ selection: { anchor: line.from + indent }, effects: EditorView.scrollIntoView(line.from, { y: 'center' }) })
      view.focus()
    },
    remove() {
      view.destroy()
      inner.remove()
    },
  }
}
