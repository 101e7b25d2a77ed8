// Finds cells by their text or by their name.
import { useRef, useState } from 'preact/hooks'
import { get, type Run } from '../api/client'
import type { Cell } from '../grid/pane'
import type { Side } from '../grid/windows'
import { AskForm, Entry, failed, Icon, number, place, useKeys } from '../parts'

export interface Hit {
  row: number
  column: number
}

/** Finds a text in the cells of sheets: Enter goes to the next, Shift Enter to the previous; after the last, the next sheet follows. */
export function Find({ run, side, sheet, sheets, chosen, onFound, onLeave }: { run: Run; side: Side; sheet: string; sheets: string[]; chosen: Cell | null; onFound: (cell: Hit, sheet: string) => void; onLeave: () => void }) {
  const [text, setText] = useState('')
  const [said, say] = useState('')
  const known = useRef(new Map<string, { cells: Hit[]; more: boolean }>())
  const input = useRef<HTMLInputElement>(null)
  const find = () => input.current?.select()
  // Below this width there is no room for the field, and the browser's own search finds visible text. Inside the field, Ctrl f belongs to the browser.
  useKeys(matchMedia('(min-width: 1024px)').matches ? { '/': find, 'Ctrl f': (event) => (event.composedPath()[0] === input.current ? false : find()) } : {})
  const hitsIn = async (sheet: string) => {
    const of = `${side} ${sheet} ${text}`
    const cells: Hit[] = []
    let from: string | null | undefined
    if (!known.current.has(of)) {
      say('…')
      do {
        const page = await get('/api/v1/runs/{id}/find', { id: run.id, side, sheet, text, from, limit: 1000 })
        cells.push(...page.cells)
        from = page.next
      } while (from && cells.length < 1000)
      known.current.set(of, { cells, more: !!from })
    }
    return known.current.get(of)!
  }
  const step = async (forward: boolean) => {
    const isBeyond = ({ row, column }: Hit) => !chosen || (forward ? row > chosen.row || (row === chosen.row && column > chosen.column) : row < chosen.row || (row === chosen.row && column < chosen.column))
    // Searches all sheets, and finally the beginning of the current one.
    for (let turn = 0; turn <= sheets.length; turn++) {
      const on = sheets[(((sheets.indexOf(sheet) + (forward ? turn : -turn)) % sheets.length) + sheets.length) % sheets.length]
      const { cells, more } = await hitsIn(on)
      const left = turn ? cells : cells.filter(isBeyond)
      const next = forward ? left[0] : left.at(-1)
      if (!next) continue
      say(`${number(cells.indexOf(next) + 1)} of ${number(cells.length)}${more ? '+' : ''}`)
      return onFound(next, on)
    }
    say('none')
  }
  return (
    <span class="search find wide-only">
      <Icon name="find" />
      <input
        ref={input}
        class="input"
        type="search"
        aria-label="Find in the cells"
        placeholder="Find"
        value={text}
        onInput={(event) => (setText(event.currentTarget.value), say(''))}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && text) step(!event.shiftKey).catch(failed)
          else if (event.key === 'Escape') {
            // Leaves the field, and nothing else.
            event.stopPropagation()
            onLeave()
          }
        }}
      />
      {said ? (
        <span class="small dim" role="status">{said}</span>
      ) : (
        <kbd class="roomy">/</kbd>
      )}
    </span>
  )
}

export function GoTo({ onClose, onGo }: { onClose: () => void; onGo: (cell: Hit) => void }) {
  const send = (form: FormData) => {
    const found = place(String(form.get('cell')).trim())
    if (!found) throw new Error('A cell has letters and a number, such as C11.')
    onGo(found)
  }
  return (
    <AskForm title="Go to a cell" does="Go to it" onClose={onClose} onSend={send}>
      {(wrong) => <Entry id="cell" label="Cell" placeholder="C11" wrong={wrong} />}
    </AskForm>
  )
}
