// The sender's sheet and the normalized table, row by row: the result of each cell, and the reason.
import { signal } from '@preact/signals'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Run } from '../api/client'
import { partnerRow } from '../grid/lines'
import type { Area, Cell } from '../grid/pane'
import type { GridView } from '../grid/view'
import { Windows, type Side } from '../grid/windows'
import { Button, copy, failed, listed, Loading, many, number, plainly, Separator, toast, Trouble, useKeys, useLoaded } from '../parts'
import { amend, go, inAddress, query } from '../router'
import { region } from './explained'
import { GoTo, type Hit } from './find'
import { IssueList, useIssues } from './issues'
import { tabs as asTabs, sumOf } from './copied'
import { useGrid, useRows } from './result-grid'
import { askedOf, load, useScene, type Loaded } from './result-scene'
import { paint } from './result-strip'
import { SheetTabs, Tools } from './result-tools'
import { choose, useWalk } from './result-walk'
import { listOfRuns } from './runs'
import { Why } from './why'

/** The maximum number of cells copied at once. */
const MOST_COPIED = 200_000

const media = matchMedia('(max-width: 639px)')
const isNarrow = signal(media.matches)
media.addEventListener('change', () => (isNarrow.value = media.matches))

export function Result({ run }: { run: Run }) {
  const { value, error } = useLoaded(() => load(run.id), [run.id])
  if (error) return <Trouble error={error} />
  if (!value) return <Loading />
  return <Shown run={run} loaded={value} />
}

/** The shared state of a result's parts. */
export type View = ReturnType<typeof useView>

function useView(run: Run, loaded: Loaded) {
  const narrow = isNarrow.value
  const asked = askedOf(loaded, narrow)
  const { sheet, mode } = asked
  const [align, setAlign] = useState(true)
  const [error, setError] = useState<unknown>(null)
  const [, setCame] = useState(0)
  const [picked, setPicked] = useState<Area | null>(null)
  const [severities, setSeverities] = useState(new Set(['error', 'warning', 'info']))
  const filter = { severities, rule: inAddress('rule'), field: inAddress('field') }
  const group = inAddress('group')
  const grouped: '' | 'rule' | 'key' = group === 'rule' || group === 'key' ? group : ''
  const strip = useRef<HTMLCanvasElement>(null)
  const inSight = useRef([0, 0])
  const grid = useRef<GridView | null>(null)
  const windows = useMemo(() => new Windows(run.id, () => (grid.current?.redraw(), setCame((turn) => turn + 1)), setError), [run.id])
  const found = useIssues(run, filter, setError)
  const { issues, total } = found
  const scene = useScene(run, loaded, asked, windows, setError)
  const rows = useRows(run, loaded, asked, scene, issues, total, align)
  const { chosen, lines, partner } = rows
  const sheetOn = (side: Side) => (side === 'input' ? sheet : scene?.partner) ?? sheet

  // All issues of the sheet, their positions, and the visible part.
  const drawStrip = () => {
    const side = mode === 'output' ? 'output' : 'input'
    const here = issues.filter((issue) => (side === 'input' ? issue.sheet === sheet : issue.output_sheet === scene?.partner))
    if (strip.current && grid.current) paint(strip.current, grid.current.lines, inSight.current, here, side)
  }
  const holder = useGrid(grid, run, asked, scene, rows, windows, setPicked, (from, to) => ((inSight.current = [from, to]), drawStrip()))
  useEffect(drawStrip, [issues, lines])
  // Used if no grid loads the issues' cells.
  useEffect(() => {
    if (mode !== 'issues' || !chosen || !scene) return
    const cells = [chosen, partner].filter((cell) => cell != null)
    windows.want(cells.map(({ side, row, column }) => ({ side, sheet: sheetOn(side), rows: [row], columns: [column, column], ahead: 0 })))
  }, [mode, query.value.get('cell'), scene])

  const toInput = (cell: Cell) => (cell.side === 'input' ? cell.row : partnerRow(scene?.segments ?? null, 'output', cell.row))
  const walk = useWalk(asked, found, toInput, () => mode === 'issues' && narrow && amend({ view: 'input' }))
  const here: Side = chosen?.side ?? (mode === 'output' ? 'output' : 'input')
  return { run, loaded, asked, narrow, align, setAlign, error, setError, picked, filter, setSeverities, grouped, strip, grid, windows, found, scene, rows, sheetOn, holder, walk, here, valueOf: ({ side, row, column }: Cell) => windows.value(side, sheetOn(side), row, column) }
}

function Shown({ run, loaded }: { run: Run; loaded: Loaded }) {
  const view = useView(run, loaded)
  const { asked, narrow, error, setError, picked, grouped, strip, grid, windows, found, scene, rows, sheetOn, holder, walk, here } = view
  const { sheet, isOwn, mode } = asked
  const { issues, more, busy } = found
  const { chosen, current } = rows
  const [panel, setPanel] = useState(localStorage.getItem('ade.why') !== 'off')
  const [asking, ask] = useState(false)
  const tabs: [string, Side][] = [...asked.seen.map((candidate): [string, Side] => [candidate.name, 'input']), ...asked.own.map((candidate): [string, Side] => [candidate.name, 'output'])]
  const atSheet = tabs.findIndex(([name, side]) => name === sheet && (side === 'output') === isOwn)
  const toSheet = (at: number) => {
    const [name, side] = tabs[(at + tabs.length) % tabs.length]
    amend({ sheet: name, side: side === 'output' ? 'output' : null, cell: null })
  }
  const showPanel = (on: boolean) => (setPanel(on), localStorage.setItem('ade.why', on ? 'on' : 'off'))
  useKeys({
    n: () => walk.step(1),
    p: () => walk.step(-1),
    i: () => showPanel(!panel),
    '[': () => toSheet(atSheet - 1),
    ']': () => toSheet(atSheet + 1),
    h: () => current && (choose({ side: 'input', row: current.header_rows?.rows.at(-1) ?? region(current.region).top, column: chosen?.side === 'input' ? chosen.column : region(current.region).left }, sheet), grid.current?.focus('input')),
    '<': () => grid.current?.lay((pane, column) => pane.size(column, pane.widthOf(column) - 16)),
    '>': () => grid.current?.lay((pane, column) => pane.size(column, pane.widthOf(column) + 16)),
    z: () => grid.current?.lay((pane, column) => pane.hold(column)),
    'Ctrl g': () => ask(true),
    // Selected text is copied by the browser.
    'Ctrl c': () => !getSelection()?.toString() && !!chosen && copyCells(windows, picked ?? { side: chosen.side, top: chosen.row, bottom: chosen.row, left: chosen.column, right: chosen.column }, sheetOn),
    Escape: () => (picked ? grid.current?.choose(chosen, null) : chosen ? amend({ cell: null }) : go(listOfRuns())),
  })
  const goTo = (at: Hit) => {
    ask(false)
    const cell: Cell = { side: here, ...at }
    if (!grid.current) return choose(cell, sheet)
    // Selected before the focus arrives, which would otherwise select the first visible cell.
    grid.current.pick(cell)
    grid.current.focus(cell.side)
  }
  const isBeside = panel && (mode !== 'issues' || !narrow)
  return (
    <>
      <Tools {...view} />
      {error != null && <Trouble error={error} again={() => setError(null)} />}
      {more > 0 && !busy && (
        <div class="notice small warning">
          <span class="grow">
            The first {number(issues.length)} issues are marked here; there are {number(more)} more.
          </span>
          <Button onClick={found.load}>Load {number(Math.min(10_000, more))} more</Button>
        </div>
      )}
      <div class="split" role="tabpanel" aria-label="Result">
        <div class="pane grow">
          {mode === 'issues' ? (
            <IssueList
              issues={issues}
              at={walk.at}
              grouped={grouped}
              narrow={narrow}
              onChoose={walk.show}
              onOpen={(issue) => (amend({ view: narrow ? 'input' : null }), walk.show(issue))}
            />
          ) : (
            <>
              <Heads {...view} />
              <div class={`sheets-view ${found.isFiltered ? 'dimming' : ''}`} ref={holder}>
                {!scene && <Loading />}
                {scene && !rows.sizeOf('input')?.rows && !isOwn && (
                  <div class="empty over-grid">
                    <h2>There is nothing in {sheet ? `the sheet ${plainly(sheet)}` : 'this workbook'}</h2>
                    <p class="mid">It has no cells, so no table was found in it{tabs.length > 1 ? '; its other sheets are below' : ''}. The original is under Files: the sender may have sent the wrong workbook.</p>
                  </div>
                )}
                <button type="button" class="map-strip" tabIndex={-1} aria-hidden="true" onClick={(event) => grid.current?.goTo(event.offsetY / event.currentTarget.clientHeight)}>
                  <canvas ref={strip} />
                </button>
              </div>
            </>
          )}
          <SheetTabs {...view} tabs={tabs} at={atSheet} to={toSheet}>
            {picked ? <span>{sumOf(picked, (row, column) => view.valueOf({ side: picked.side, row, column }))}</span> : [<span><span class="corner error" /> error</span>, <span><span class="corner warning" /> warning</span>, <span>hatched: not written</span>]}
          </SheetTabs>
        </div>
        {isBeside && <Separator name="why" label="Width of why" behind least={220} />}
        {isBeside && <Why {...view} />}
      </div>
      {asking && <GoTo onClose={() => ask(false)} onGo={goTo} />}
    </>
  )
}

/** The captions above the grids: the sheet and table of each side, and the numbers of rows read and written. */
function Heads({ asked: { sheet, isOwn, mode }, scene, rows: { sizeOf, current, tables } }: View) {
  const sum = (all: Iterable<number>) => [...all].reduce((sum, count) => sum + count, 0)
  const read = sum(tables.map(({ table }) => table.rows?.read ?? 0))
  // Each table is below its own header; merged tables are in one place.
  const places = new Map(tables.flatMap(({ table, out }) => (out && table.output!.sheet === scene?.partner ? [[table.output!.range, out.bottom - out.top] as const] : [])))
  const written = sum(places.values())
  const [input, output] = [sizeOf('input'), sizeOf('output')]
  return (
    <div class="pane-title mid roomy">
      {mode !== 'output' && <span class="grow cut"><strong>Sender’s sheet</strong> {input && listed([plainly(sheet), read > 0 && `${many(read, 'row')} read`, current && `table ${current.table} at ${current.region}`], ' · ')}</span>}
      {mode !== 'input' && (
        <span class="grow cut">
          <strong>{isOwn ? 'Of the output' : 'Normalized'}</strong> {output && listed([plainly(scene?.partner ?? ''), isOwn ? many(output.rows ?? 0, 'row') : places.size > 0 && `${many(written, 'row')} written`], ' · ')}
          {read > written && places.size > 0 && <span class="chip">{number(read - written)} not written</span>}
        </span>
      )}
    </div>
  )
}

/** Copies cells in the format that spreadsheets paste. */
function copyCells(windows: Windows, { side, top, bottom, left, right }: Area, sheetOn: (side: Side) => string) {
  const cells = (bottom - top + 1) * (right - left + 1)
  if (cells > MOST_COPIED) return toast(`${number(cells)} cells are too many to be copied at once; ${number(MOST_COPIED)} can be. The workbook is under Files.`, 'error')
  windows.block(side, sheetOn(side), [top, bottom], [left, right]).then((rows) => {
    copy(asTabs(rows))
    toast(cells === 1 ? 'The value was copied.' : `${number(cells)} cells were copied.`)
  }, failed)
}
