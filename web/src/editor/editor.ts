// The editor of a configuration's files: CodeMirror, in a chunk that is loaded when a file is opened. It lives in a shadow root, where
// its rules are adopted style sheets: the policy of the page allows no style elements.
import * as does from '@codemirror/commands'
import { closeSearchPanel, findNext, findPrevious, highlightSelectionMatches, openSearchPanel, search } from '@codemirror/search'
import { EditorSelection, EditorState, RangeSetBuilder, StateEffect, StateField, type Extension } from '@codemirror/state'
import { Decoration, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers, WidgetType, type Command, type DecorationSet, type KeyBinding } from '@codemirror/view'
import { coloured, indentBelow, languageOf, type Colour } from './colours'
import type { Message } from '../pages/configs-bench'

const decorations = Object.fromEntries((['key', 'string', 'number', 'comment', 'name'] as const).map((colour) => [colour, Decoration.mark({ class: `cm-c-${colour}` })])) as Record<Colour, Decoration>
/** Longer texts get no colours, because each key press would parse them again. */
const LONGEST = 300_000

function painted(state: EditorState, language: 'python' | 'toml'): DecorationSet {
  const made = new RangeSetBuilder<Decoration>()
  // Line ends are one character long, as positions in the document assume.
  if (state.doc.length <= LONGEST) for (const { from, to, colour } of coloured(state.doc.toString(), language)) made.add(from, to, decorations[colour])
  return made.finish()
}

const colours = (language: 'python' | 'toml'): Extension => [
  StateField.define<DecorationSet>({
    create: (state) => painted(state, language),
    update: (held, change) => (change.docChanged ? painted(change.state, language) : held),
    provide: (field) => EditorView.decorations.from(field),
  }),
  EditorState.languageData.of(() => [{ commentTokens: { line: '#' } }]),
]

const newLine: Command = ({ state, dispatch }) => {
  const changes = state.changeByRange((range) => {
    const line = state.doc.lineAt(range.from)
    const before = line.text.slice(0, range.from - line.from)
    const text = state.lineBreak + indentBelow(before)
    const skip = /^[ \t]*/.exec(line.text.slice(range.from - line.from))![0].length
    const to = Math.max(range.to, Math.min(line.to, range.from + skip))
    return { changes: { from: range.from, to, insert: state.toText(text) }, range: EditorSelection.cursor(range.from + 1 + indentBelow(before).length) }
  })
  dispatch(state.update(changes, { scrollIntoView: true, userEvent: 'input' }))
  return true
}

const moves = (key: string, run: Command, shift: Command, mac?: string): KeyBinding => ({ key, mac, run, shift, preventDefault: true })
/** The editor's keys; the complete key map would load the parsers of its languages. */
const keys: KeyBinding[] = [
  moves('ArrowLeft', does.cursorCharLeft, does.selectCharLeft),
  moves('ArrowRight', does.cursorCharRight, does.selectCharRight),
  moves('ArrowUp', does.cursorLineUp, does.selectLineUp),
  moves('ArrowDown', does.cursorLineDown, does.selectLineDown),
  moves('Mod-ArrowLeft', does.cursorGroupLeft, does.selectGroupLeft, 'Alt-ArrowLeft'),
  moves('Mod-ArrowRight', does.cursorGroupRight, does.selectGroupRight, 'Alt-ArrowRight'),
  moves('PageUp', does.cursorPageUp, does.selectPageUp),
  moves('PageDown', does.cursorPageDown, does.selectPageDown),
  moves('Home', does.cursorLineBoundaryBackward, does.selectLineBoundaryBackward, 'Cmd-ArrowLeft'),
  moves('End', does.cursorLineBoundaryForward, does.selectLineBoundaryForward, 'Cmd-ArrowRight'),
  moves('Mod-Home', does.cursorDocStart, does.selectDocStart, 'Cmd-ArrowUp'),
  moves('Mod-End', does.cursorDocEnd, does.selectDocEnd, 'Cmd-ArrowDown'),
  { key: 'Mod-a', run: does.selectAll },
  { key: 'Backspace', run: does.deleteCharBackward, shift: does.deleteCharBackward, preventDefault: true },
  { key: 'Delete', run: does.deleteCharForward, preventDefault: true },
  { key: 'Mod-Backspace', mac: 'Alt-Backspace', run: does.deleteGroupBackward, preventDefault: true },
  { key: 'Mod-Delete', mac: 'Alt-Delete', run: does.deleteGroupForward, preventDefault: true },
  { key: 'Alt-ArrowUp', run: does.moveLineUp },
  { key: 'Alt-ArrowDown', run: does.moveLineDown },
  { key: 'Shift-Alt-ArrowUp', run: does.copyLineUp },
  { key: 'Shift-Alt-ArrowDown', run: does.copyLineDown },
  { key: 'Shift-Mod-k', run: does.deleteLine },
  { key: 'Mod-[', run: does.indentLess },
  { key: 'Mod-]', run: does.indentMore },
  { key: 'Mod-/', run: does.toggleLineComment },
  { key: 'Escape', run: does.simplifySelection },
  { key: 'Ctrl-m', mac: 'Shift-Alt-m', run: does.toggleTabFocusMode },
]

const both = 'editor search-panel'
const finds: KeyBinding[] = [
  { key: 'Mod-f', run: openSearchPanel, scope: both },
  { key: 'F3', run: findNext, shift: findPrevious, scope: both, preventDefault: true },
  { key: 'Mod-g', run: findNext, shift: findPrevious, scope: both, preventDefault: true },
  { key: 'Escape', run: closeSearchPanel, scope: both },
]

const look = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--surface)', color: 'var(--ink)', fontSize: '12px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', fontVariantLigatures: 'none', overscrollBehavior: 'contain' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 16px 0 2px' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--ink-3)', border: '0' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 12px 0 0', minWidth: '46px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--hover) 70%, transparent)' },
  '.cm-content ::selection': { background: 'color-mix(in srgb, var(--accent-line) 45%, transparent)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--accent-soft)' },
  '.cm-c-key': { color: 'var(--code-key)' },
  '.cm-c-string': { color: 'var(--code-string)' },
  '.cm-c-number': { color: 'var(--code-number)' },
  '.cm-c-comment': { color: 'var(--ink-3)' },
  '.cm-c-name': { color: 'var(--accent)' },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-soft)', outline: '1px solid var(--warn-line)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--accent-soft)', outline: '1px solid var(--accent)' },
  '.cm-wrong': { backgroundColor: 'var(--bad-soft) !important' },
  // The space around it is padding, because heights are measured without margins.
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

export interface Editor {
  /** Shows a file and keeps its undo history. */
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
  // Letters belong to the text; keys with Ctrl, and F8, belong to the page.
  inner.addEventListener('keydown', (event) => event.ctrlKey || event.metaKey || /^F[68]$/.test(event.key) || event.stopPropagation())
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
  const made = (name: string, text: string, readOnly: boolean) => {
    const language = languageOf(name)
    return EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        does.history(),

        search({ top: true }),
        highlightSelectionMatches(),
        readOnly ? [] : [highlightActiveLine(), highlightActiveLineGutter()],
        /\r\n/.test(text) && !/[^\r]\n/.test(text) ? EditorState.lineSeparator.of('\r\n') : [],
        keymap.of([...finds, ...keys, ...does.historyKeymap, ...(readOnly ? [] : [does.indentWithTab, { key: 'Enter', run: newLine, shift: newLine }])]),
        language ? colours(language) : [],
        look,
        messageField,
        tell,
        EditorState.readOnly.of(readOnly),
        EditorView.contentAttributes.of({ 'aria-label': readOnly ? `${name}, read only` : `${name}. Esc and then Tab leaves the text`, tabindex: '0' }),
      ],
    })
  }
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
