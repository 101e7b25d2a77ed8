// The sender's sheet and the normalized table, row beside row: what came of each cell, and why.
import { signal } from '@preact/signals'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { get, type Run, type Schemas } from '../api/client'
import { GridView, widthOf, type Area, type Cell, type Pane } from '../grid/view'
import { Windows, type Side } from '../grid/windows'
import { aligned, apart, hindrance, only, partnerRow, partnerSheet, type Lines, type Segment } from '../grid/lines'
import { Separator } from '../parts/separator'
import { amend, go, query } from '../router'
import { letters, many, number, place, plainly } from '../parts/format'
import { Icon } from '../parts/icons'
import { useKeys } from '../parts/keys'
import { issueRows, saveIssues } from '../parts/save'
import { Button, Choice, copy, failed, Loading, Segments, Switch, toast, Trouble } from '../parts/parts'
import { marksOf, partnerColumn, partnerColumns, region, spot, tableAt, worst, type Explained, type Issue } from './explained'
import { Find, GoTo, type Hit } from './find'
import { IssueList, useIssues } from './issues'
import { tabs as asTabs, sumOf } from './copied'
import { listOfRuns } from './runs'
import { Why } from './why'

type Sheet = Schemas['Sheet']
/** So many cells are copied at once. */
const MOST_COPIED = 200_000

interface Loaded {
  input: Sheet[]
  output: Sheet[]
  explained: Explained | null
}

async function load(id: string): Promise<Loaded> {
  const [input, output, explained] = await Promise.all([
    get('/api/v1/runs/{id}/sheets', { id }, { side: 'input' }),
    get('/api/v1/runs/{id}/sheets', { id }, { side: 'output' }),
    get('/api/v1/runs/{id}/explain', { id }).catch(() => null),
  ])
  return { input: input.sheets, output: output.sheets, explained }
}

async function segmentsOf(id: string, sheet: string): Promise<Segment[] | null> {
  const all: Segment[] = []
  let cursor: string | null | undefined
  do {
    const page = await get('/api/v1/runs/{id}/rows', { id }, { side: 'input', sheet, limit: 10_000, cursor })
    if (!page.segments) return null
    all.push(...(page.segments as Segment[]))
    cursor = page.next_cursor
  } while (cursor)
  return all
}

export function Result({ run }: { run: Run }) {
  const [loaded, setLoaded] = useState<Loaded | null>(null)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    const abort = new AbortController()
    const wrong = (error: unknown) => abort.signal.aborted || setError(error)
    load(run.id).then((found) => abort.signal.aborted || setLoaded(found), wrong)
    return () => abort.abort()
  }, [run.id])
  if (error) return <Trouble error={error} />
  if (!loaded) return <Loading />
  return <View run={run} loaded={loaded} />
}

type Mode = 'both' | 'input' | 'output' | 'issues'

/** What the grids of a sheet are made of. */
interface Scene {
  sheet: string
  partner: string | null
  segments: Segment[] | null
  why: string
  widths: Record<Side, number[]>
}

/** How somebody laid the columns of a configuration's sheets. A sheet that is called as its file, such as that of a .csv, is another each month. */
const layoutKey = (run: Run, side: Side, sheet: string) => `ade.columns.${run.configuration_id} ${side} ${run.input.name.startsWith(sheet) ? '' : sheet}`

const media = matchMedia('(max-width: 639px)')
const isNarrow = signal(media.matches)
media.addEventListener('change', () => (isNarrow.value = media.matches))

function View({ run, loaded }: { run: Run; loaded: Loaded }) {
  const narrow = isNarrow.value
  const seen = loaded.input.filter((sheet) => sheet.rows != null)
  const read = new Set(loaded.explained?.tables.map((table) => table.sheet))
  const own = loaded.output.filter((sheet) => !seen.some((one) => one.name === sheet.name))
  const asked = query.value.get('sheet')
  const isOwn = query.value.get('side') === 'output' && own.some((sheet) => sheet.name === asked)
  const sheet = isOwn ? asked! : (seen.find((one) => one.name === asked) ?? seen.find((one) => read.has(one.name)) ?? seen[0] ?? { name: '' }).name
  const wanted = (query.value.get('view') ?? 'both') as Mode
  const mode: Mode = isOwn ? 'output' : narrow && wanted === 'both' ? 'input' : wanted
  const [align, setAlign] = useState(true)
  const [panel, setPanel] = useState(localStorage.getItem('ade.why') !== 'off')
  const [asking, ask] = useState(false)
  const [shift, setShift] = useState(0)
  const [scene, setScene] = useState<Scene | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [came, setCame] = useState(0)
  const issue = useRef<Issue | null>(null)
  const later = useRef<1 | -1 | 0>(0)
  const [, drawIssue] = useState<Issue | null>(null)
  const setIssue = (to: Issue) => (issue.current = to, drawIssue(to))
  const [picked, setPicked] = useState<Area | null>(null)
  const [severities, setSeverities] = useState(new Set(['error', 'warning', 'info']))
  const rule = query.value.get('rule') ?? ''
  const field = query.value.get('field') ?? ''
  const group = query.value.get('group')
  const grouped = group === 'rule' || group === 'key' ? group : ''
  const holder = useRef<HTMLDivElement>(null)
  const strip = useRef<HTMLCanvasElement>(null)
  const tabList = useRef<HTMLDivElement>(null)
  const grid = useRef<GridView | null>(null)
  const inSight = useRef([0, 0])

  const windows = useMemo(
    () =>
      new Windows(
        run.id,
        () => (grid.current?.redraw(), setCame((turn) => turn + 1)),
        (error) => setError(error),
      ),
    [run.id],
  )

  const filter = { severities, rule, field }
  const { all, issues, counts, isFiltered, passes, more, busy, total, load: loadMore } = useIssues(run, filter, setError)
  // Of the run, whether or not all of them are here.
  const whole = issues.length + more
  const rules = useMemo(() => [...new Set(all.map((issue) => issue.rule))].sort(), [all])
  const fields = useMemo(() => [...new Set(all.map((issue) => issue.field).filter((one) => one != null))].sort(), [all])

  const chosen = chosenOf(query.value)
  const choose = (cell: Cell, to?: string) => amend({ cell: `${letters(cell.column)}${cell.row}`, side: cell.side === 'output' ? 'output' : null, sheet: to ?? sheet })

  // The map of a sheet's rows, and the first cells of both sides, from which the columns get their widths.
  useEffect(() => {
    let here = true
    setScene(null)
    setShift(0)
    const prepare = async (): Promise<Scene> => {
      const segments = isOwn ? null : await segmentsOf(run.id, sheet)
      const partner = isOwn ? sheet : (partnerSheet(segments) ?? loaded.explained?.tables.find((table) => table.sheet === sheet)?.output?.sheet ?? loaded.output.find((one) => one.name === sheet)?.name ?? null)
      const sizes = { input: isOwn ? undefined : seen.find((one) => one.name === sheet), output: loaded.output.find((one) => one.name === partner) }
      const widths: Record<Side, number[]> = { input: [], output: [] }
      await Promise.all(
        (['input', 'output'] as const).map(async (side) => {
          const size = sizes[side]
          if (!size?.rows || !size.columns) return
          windows.limit(side, size.name, size.rows, size.columns)
          await windows.first(side, size.name)
          widths[side] = Array.from({ length: size.columns }, (_, at) => {
            if (at >= 100) return 110
            const values = Array.from({ length: Math.min(200, size.rows!) }, (_, row) => windows.value(side, size.name, row + 1, at + 1))
            return widthOf(values.filter((_, row) => !titles.has(`${side} ${row + 1}`)), 8)
          })
        }),
      )
      return { sheet, partner, segments, why: isOwn ? '' : hindrance(segments), widths }
    }
    // A title is long, and of no column.
    const titles = new Set(isOwn ? [] : (loaded.explained?.rows ?? []).filter((row) => row.sheet === sheet && row.kind !== 'header' && row.kind !== 'data').map((row) => `input ${row.row}`))
    prepare().then(
      (made) => here && setScene(made),
      (error) => here && setError(error),
    )
    return () => void (here = false)
  }, [run.id, sheet, isOwn])

  const tables = useMemo(() => (loaded.explained?.tables ?? []).filter((table) => table.sheet === sheet).map((table) => ({ table, at: region(table.region), out: table.output ? region(table.output.range) : null })), [loaded, sheet])
  const sizeOf = (side: Side) => (side === 'input' ? seen.find((one) => one.name === sheet) : loaded.output.find((one) => one.name === scene?.partner))
  const canAlign = !!scene && !scene.why && !!scene.partner && !isOwn
  const isAligned = canAlign && align && mode === 'both'
  // The same whether or not both sides are shown.
  const beside = useMemo(() => (canAlign ? aligned(scene!.segments!, sizeOf('input')?.rows ?? 0, sizeOf('output')?.rows ?? 0) : null), [scene, canAlign])
  const partnerOf = (cell: Cell) => {
    const line = beside?.at(beside.of(cell.side, cell.row))
    return line ? (cell.side === 'input' ? line.b : line.a) : 0
  }

  const marks = useMemo(
    () => ({ input: marksOf(issues, 'input', isOwn ? '' : sheet), output: marksOf(issues, 'output', scene?.partner ?? '') }),
    [issues, sheet, scene],
  )
  // Rows apart from their partners can't be left out on both sides at once.
  const canOnly = query.value.get('only') === '1' && total > 0 && mode !== 'issues' && (isAligned || mode !== 'both')
  const lines = useMemo((): Lines | null => {
    if (!scene) return null
    const rows = { input: (mode !== 'output' && sizeOf('input')?.rows) || 0, output: (mode !== 'input' && sizeOf('output')?.rows) || 0 }
    const all = isAligned ? beside! : apart(rows.input, rows.output, mode === 'both' ? shift : 0)
    if (!canOnly) return all
    const side = mode === 'output' ? 'output' : 'input'
    const heads = side === 'output' ? [1] : tables.flatMap(({ table }) => table.header_rows?.rows ?? [])
    return only(all, side, [...heads, ...[...marks[side].keys()].map((key) => Math.floor(key / 32_768))])
  }, [scene, isAligned, beside, shift, mode, canOnly && marks])

  const toInput = (cell: Cell) => (cell.side === 'input' ? cell.row : partnerRow(scene?.segments ?? null, 'output', cell.row))
  const tableOf = (side: Side, row: number) => (side === 'input' ? tableAt(tables, row) : (tables.find(({ out }) => out && row >= out.top && row <= out.bottom) ?? tables[0]))
  const current = chosen ? tableOf(chosen.side, chosen.row)?.table : tables[0]?.table

  const held = useRef({ marks, current })
  held.current = { marks, current }
  useEffect(() => grid.current?.redraw(), [marks, current])
  useEffect(() => {
    if (!scene || !lines || !holder.current) return
    const view = new GridView(holder.current, windows, {
      choose: (cell) => choose(cell),
      picked: setPicked,
      chip: (side, column) => choose({ side, row: chipRow(side), column }),
      laid: (pane) => localStorage.setItem(layoutKey(run, pane.side, pane.sheet), JSON.stringify(pane.layout)),
      moved: (from, to) => ((inSight.current = [from, to]), drawStrip()),
    })
    const chipRow = (side: Side) => (side === 'input' ? (held.current.current?.header_rows?.rows.at(-1) ?? 1) : 1)
    view.partner = (side, column) => partnerColumn(held.current.current, side, column)
    view.partners = (side, column) => partnerColumns(held.current.current, side, column)
    view.partnerRow = (side, row) => partnerRow(scene.segments, side, row)
    const panes: Pane[] = []
    if (mode !== 'output') panes.push(paneOf('input'))
    if (mode !== 'input' && scene.partner) panes.push(paneOf('output'))
    view.show(panes, lines)
    grid.current = view
    const cell = chosenOf(query.peek())
    if (cell) view.choose(cell)
    return () => (view.destroy(), (grid.current = null), setPicked(null))
  }, [scene, beside, isAligned, mode])
  useEffect(() => void (lines && grid.current?.setLines(lines)), [lines])

  function paneOf(side: Side): Pane {
    const size = sizeOf(side)!
    const mine = () => held.current.marks[side]
    const of = side === 'input' ? tables.map(({ table, at }) => ({ table, at })) : tables.flatMap(({ table, out }) => (out ? [{ table, at: out }] : []))
    const headers = new Set(side === 'input' ? tables.flatMap(({ table }) => table.header_rows?.rows ?? []) : of.map(({ at }) => at.top))
    const at = (row: number) => of.find(({ at }) => row >= at.top && row <= at.bottom)
    const columnAt = (column: number) => held.current.current?.columns.find((one) => one.column === letters(column))
    const unmapped = (column: number) => side === 'input' && columnAt(column)?.field === null
    return {
      side,
      sheet: size.name,
      label: `${side === 'input' ? 'Sender’s sheet' : 'Normalized'} ${size.name}`,
      rows: size.rows ?? 0,
      columns: size.columns ?? 0,
      widths: scene!.widths[side],
      layout: JSON.parse(localStorage.getItem(layoutKey(run, side, size.name)) ?? '{"own":{},"held":0}'),
      rowClass(row) {
        const table = at(row)
        return [headers.has(row) && 'header', side === 'input' && of.length && !table && 'outside', side === 'input' && table?.at.top === row && 'edge-top', side === 'input' && table?.at.bottom === row && 'edge-bottom'].filter(Boolean).join(' ')
      },
      spills: (row) => side === 'input' && !at(row),
      cellClass(row, column) {
        const kinds: string[] = []
        const found = mine().get(row * 32_768 + column)
        if (found) kinds.push(worst(found))
        const table = side === 'input' ? at(row) : null
        if (table && column >= table.at.left && column <= table.at.right) {
          kinds.push('inside')
          if (column === table.at.left) kinds.push('edge-left')
          if (column === table.at.right) kinds.push('edge-right')
        }
        if (unmapped(column)) kinds.push('unmapped')
        return kinds.join(' ')
      },
      instead: (row, column) => (side === 'output' && mine().get(row * 32_768 + column)?.some((issue) => issue.value && !issue.written) ? 'empty' : null),
      describe: (row, column) => mine().get(row * 32_768 + column)?.map((issue) => `${issue.severity}: ${issue.message}`).join('; ') ?? '',
      chip(column) {
        if (isOwn) return null
        const letter = letters(column)
        if (side === 'input') {
          const found = columnAt(column)
          if (!found) return null
          if (!found.field) return { text: 'unmapped', note: '', title: `${letter} is unmapped: ${found.unmapped_because}`, none: true }
          const score = (found.score ?? 0).toFixed(2)
          return { text: `→ ${found.field}`, note: score, title: `${letter} is mapped to ${found.field}, score ${score}`, none: false }
        }
        const found = held.current.current?.output?.columns.find((one) => one.column === letter)
        if (!found) return null
        const from = [found.from ?? []].flat()
        if (!from.length) return { text: 'from no column', note: '', title: `${found.header} comes from no column of the sender’s`, none: true }
        const name = held.current.current?.columns.find((one) => one.column === from[0])?.name ?? ''
        return { text: `← ${from.join(' ')} ${name}`, note: '', title: `${found.header} comes from column ${from.join(', ')}`, none: false }
      },
    }
  }

  useEffect(() => {
    if (chosen && grid.current) {
      if (scene && lines && !lines.aligned && mode === 'both') {
        const row = partnerRow(scene.segments, chosen.side, chosen.row)
        const next = row ? (chosen.side === 'input' ? row - chosen.row : chosen.row - row) : shift
        if (next !== shift) return setShift(next)
      }
      // As the address is now: a key that is held is ahead of what is drawn.
      grid.current.choose(chosenOf(query.peek()))
    }
  }, [query.value.get('cell'), query.value.get('side'), scene, lines])

  // Where no grid asks for the cells of an issue.
  useEffect(() => {
    if (mode !== 'issues' || !chosen || !scene) return
    const cells = [chosen, partnerCell()].filter((cell) => cell != null)
    windows.want(cells.map(({ side, row, column }) => ({ side, sheet: sheetOn(side), rows: [row, row], columns: [column, column], ahead: 0 })))
  }, [mode, query.value.get('cell'), scene])

  // All issues of the sheet, where they are, and what is in sight.
  const drawStrip = () => {
    const canvas = strip.current
    const view = grid.current
    if (!canvas || !view) return
    const { clientWidth: width, clientHeight: height } = canvas
    if (canvas.height !== height * devicePixelRatio) Object.assign(canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio })
    const pen = canvas.getContext('2d')!
    const style = getComputedStyle(canvas)
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    pen.clearRect(0, 0, width, height)
    pen.fillStyle = style.borderTopColor
    pen.fillRect(0, inSight.current[0] * height, width, Math.max(4, (inSight.current[1] - inSight.current[0]) * height))
    const colours = { info: style.borderBottomColor, warning: style.borderLeftColor, error: style.borderRightColor }
    const side = mode === 'output' ? 'output' : 'input'
    for (const severity of ['info', 'warning', 'error'] as const) {
      pen.fillStyle = colours[severity]
      for (const issue of issues) {
        const at = issue.severity === severity && (side === 'input' ? issue.sheet === sheet : issue.output_sheet === scene?.partner) ? spot(issue, side) : null
        if (at) pen.fillRect(2, (view.lines.of(side, at.row) / Math.max(view.lines.total, 1)) * height, width - 4, 3)
      }
    }
  }
  useEffect(drawStrip, [issues, lines])

  // A cell may have several issues, and an issue no cell: which one it is, is kept.
  const numberOf = (cell: Cell | null, on: string, issue: Issue | null) => {
    const fits = issue && (cell ? isAt(issue, cell, on) : !spot(issue, 'input') && issue.sheet === on)
    const kept = fits ? issues.indexOf(issue) : -1
    return kept >= 0 ? kept : cell ? issues.findIndex((issue) => isAt(issue, cell, on)) : -1
  }
  const atIssue = numberOf(chosen, sheet, issue.current)
  const showIssue = (issue: Issue) => {
    setIssue(issue)
    const out = mode === 'output' && spot(issue, 'output')
    const at = out || spot(issue, 'input')
    if (at) choose({ side: out ? 'output' : 'input', ...at }, issue.sheet)
    else amend({ sheet: issue.sheet, cell: null })
  }
  const toIssue = (step: 1 | -1) => {
    if (!issues.length && busy) return void (later.current = step)
    if (!issues.length) return toast(total ? 'No issue is left by the filters.' : 'This run has no issues.')
    // From where the address is now: the next key may come before what the last one did is drawn.
    const cell = chosenOf(query.peek())
    const on = query.peek().get('sheet') ?? sheet
    const from = numberOf(cell, on, issue.current)
    // Behind the last one that is here there are more.
    if (step > 0 && more > 0 && from === issues.length - 1) {
      if (!busy) loadMore()
      return toast(`The next of ${number(more)} more issues are being loaded.`)
    }
    let next = from + step
    if (from < 0 && cell) {
      const order = seen.findIndex((one) => one.name === on)
      const row = toInput(cell)
      const after = issues.findIndex((issue) => {
        const where = seen.findIndex((one) => one.name === issue.sheet)
        const at = spot(issue, 'input')
        return where > order || (where === order && (at?.row ?? 0) > row)
      })
      next = step > 0 ? (after < 0 ? 0 : after) : (after < 0 ? issues.length : after) - 1
    } else if (from < 0) next = step > 0 ? 0 : issues.length - 1
    showIssue(issues[(next + issues.length) % issues.length])
    if (mode === 'issues' && narrow) amend({ view: 'input' })
  }
  // Asked for before the first was here.
  useEffect(() => {
    const step = later.current
    if (!step || (busy && !issues.length)) return
    later.current = 0
    toIssue(step)
  }, [issues, busy])
  const tabs: [string, Side][] = [...seen.map((one): [string, Side] => [one.name, 'input']), ...own.map((one): [string, Side] => [one.name, 'output'])]
  const atSheet = tabs.findIndex(([name, side]) => name === sheet && (side === 'output') === isOwn)
  const toSheet = (at: number) => {
    const [name, side] = tabs[(at + tabs.length) % tabs.length]
    amend({ sheet: name, side: side === 'output' ? 'output' : null, cell: null })
  }
  useEffect(() => tabList.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }), [atSheet])
  const toggle = (severity: string) => {
    const next = new Set(severities)
    if (!next.delete(severity)) next.add(severity)
    setSeverities(next)
  }
  const showPanel = (on: boolean) => (setPanel(on), localStorage.setItem('ade.why', on ? 'on' : 'off'))
  const partnerCell = (): Cell | null => {
    if (!chosen || !scene) return null
    const side = chosen.side === 'input' ? 'output' : 'input'
    const row = canAlign ? partnerOf(chosen) : partnerRow(scene.segments, chosen.side, chosen.row)
    const column = partnerColumn(current, chosen.side, chosen.column)
    return row && column ? { side, row, column } : null
  }
  useKeys({
    n: () => toIssue(1),
    p: () => toIssue(-1),
    i: () => showPanel(!panel),
    '[': () => toSheet(atSheet - 1),
    ']': () => toSheet(atSheet + 1),
    h: () => current && (choose({ side: 'input', row: current.header_rows?.rows.at(-1) ?? region(current.region).top, column: chosen?.side === 'input' ? chosen.column : region(current.region).left }), grid.current?.focus('input')),
    '<': () => grid.current?.lay((pane, column) => pane.size(column, pane.widthOf(column) - 16)),
    '>': () => grid.current?.lay((pane, column) => pane.size(column, pane.widthOf(column) + 16)),
    z: () => grid.current?.lay((pane, column) => pane.hold(column)),
    'Ctrl g': () => ask(true),
    'Ctrl c': () => {
      // What is marked as text is the browser's to copy.
      if (getSelection()?.toString() || !chosen) return false
      const { side, top, bottom, left, right } = picked ?? { side: chosen.side, top: chosen.row, bottom: chosen.row, left: chosen.column, right: chosen.column }
      const cells = (bottom - top + 1) * (right - left + 1)
      if (cells > MOST_COPIED) return toast(`${number(cells)} cells are too many to be copied at once; ${number(MOST_COPIED)} can be. The workbook is under Files.`, 'error')
      windows.block(side, sheetOn(side), [top, bottom], [left, right]).then((rows) => {
        copy(asTabs(rows))
        toast(cells === 1 ? 'The value was copied.' : `${number(cells)} cells were copied.`)
      }, failed)
    },
    Escape: () => (picked ? grid.current?.choose(chosen, null) : chosen ? amend({ cell: null }) : go(listOfRuns())),
  })

  const sheetOn = (side: Side) => (side === 'input' ? sheet : scene?.partner) ?? sheet
  const here: Side = chosen?.side ?? (mode === 'output' ? 'output' : 'input')
  const goTo = (at: Hit) => {
    ask(false)
    const cell: Cell = { side: here, ...at }
    if (!grid.current) return choose(cell)
    // Chosen before the focus comes, which else chooses the first in sight.
    grid.current.pick(cell)
    grid.current.focus(cell.side)
  }

  const heads = (side: Side) => {
    const size = sizeOf(side)
    if (!size) return ''
    if (side === 'input') return [plainly(sheet), current && `table ${current.table} at ${current.region}`, current?.rows && `${many(current.rows.read, 'row')} read`].filter(Boolean).join(' · ')
    return `${plainly(scene?.partner ?? '')} · ${many(Math.max(0, (size.rows ?? 1) - 1), 'row')} written`
  }
  const bySheet = (name: string) => issues.filter((issue) => issue.sheet === name)
  const countOf = (found: Issue[]) => (seen.length === 1 ? number(whole) : `${number(found.length)}${more ? '+' : ''}`)
  const pieces: [Mode, string][] = narrow ? [['input', 'Sender’s'], ['output', 'Normalized'], ['issues', `Issues ${number(total)}`]] : [['both', 'Side by side'], ['input', 'Sender’s'], ['output', 'Normalized'], ['issues', 'Issues']]
  return (
    <>
      <div class="tools">
        {!isOwn && <Segments label="View" value={mode} onChange={(view) => amend({ view: view === 'both' ? null : view })} all={pieces} />}
        {mode === 'both' && (
          <span class="roomy small dim">{canAlign ? <Switch on={align} onChange={setAlign}>Rows aligned</Switch> : scene?.why}</span>
        )}
        {mode !== 'issues' && (
          <Find
            run={run}
            side={here}
            sheet={sheetOn(here)}
            sheets={here === 'input' ? seen.map((one) => one.name) : [sheetOn(here)]}
            chosen={chosen}
            onFound={(cell, on) => choose({ side: here, ...cell }, here === 'input' ? on : undefined)}
            onLeave={() => grid.current?.focus(here)}
          />
        )}
        {total > 0 && mode !== 'issues' && (isAligned || mode !== 'both') && (
          <Switch on={canOnly} onChange={(on) => amend({ only: on ? '1' : null })}>Only issues</Switch>
        )}
        {mode === 'issues' && issues.length > 0 && (
          <span class="flow">
            <Segments label="Grouped" value={grouped} onChange={(group) => amend({ group })} all={[['', 'In order'], ['rule', 'By rule'], ...(issues.some((issue) => issue.key) ? [['key', 'By person'] as ['key', string]] : [])]} />
            <Button onClick={() => (copy(asTabs(issueRows(issues))), toast(`${more ? `${number(issues.length)} of ${many(whole, 'issue')}` : many(whole, 'issue')} copied as text.${more ? ' CSV saves all.' : ''}`))}>
              <Icon name="copy" /> Copy
            </Button>
            <Button onClick={() => saveIssues(run, isFiltered ? passes : null).catch(failed)}><Icon name="download" /> CSV</Button>
          </span>
        )}
        <span class="grow" />
        {total > 0 && (
          <>
            <span class="segments roomy" role="group" aria-label="Severity">
              {(['error', 'warning', 'info'] as const).map((one) =>
                counts[one] ? (
                  <button type="button" key={one} aria-pressed={severities.has(one)} onClick={() => toggle(one)}>
                    <span class={`corner ${one}`} />
                    {one === 'info' ? 'Info' : one === 'error' ? 'Errors' : 'Warnings'} <span class="count">{number(counts[one])}</span>
                  </button>
                ) : null,
              )}
            </span>
            <Choice kind="wide-only" label="Rule" value={rule} none="All rules" all={rules} onChange={(value) => amend({ rule: value })} />
            <Choice kind="wide-only" label="Field" value={field} none="All fields" all={fields} onChange={(value) => amend({ field: value })} />
            <span class="flow roomy">
              <Button kind="square" aria-label="Previous issue, p" onClick={() => toIssue(-1)}><Icon name="up" /></Button>
              <Button kind="square" aria-label="Next issue, n" onClick={() => toIssue(1)}><Icon name="down" /></Button>
            </span>
          </>
        )}
      </div>
      {error != null && <Trouble error={error} again={() => setError(null)} />}
      {more > 0 && !busy && (
        <div class="notice warning small">
          <span class="grow">
            The first {number(issues.length)} issues are marked here; there are {number(more)} more.
          </span>
          <Button onClick={loadMore}>Load {number(Math.min(10_000, more))} more</Button>
        </div>
      )}
      <div class="split" role="tabpanel" aria-label="Result">
        <div class="pane grow">
          {mode === 'issues' ? (
            <IssueList
              issues={issues}
              at={atIssue}
              grouped={grouped}
              narrow={narrow}
              onChoose={showIssue}
              onOpen={(issue) => (amend({ view: narrow ? 'input' : null }), showIssue(issue))}
            />
          ) : (
            <>
              <div class="pane-title roomy">
                {mode !== 'output' && <span class="grow cut"><strong>Sender’s sheet</strong> {heads('input')}</span>}
                {mode !== 'input' && (
                  <span class="grow cut">
                    <strong>{isOwn ? 'Of the output' : 'Normalized'}</strong> {heads('output')}
                    {current?.rows && current.rows.read > current.rows.written && !isOwn && <span class="chip">{number(current.rows.read - current.rows.written)} not written</span>}
                  </span>
                )}
              </div>
              <div class={`sheets-view ${isFiltered ? 'dimming' : ''}`} ref={holder}>
                {!scene && <Loading />}
                {scene && !sizeOf('input')?.rows && !isOwn && (
                  <div class="empty over-grid">
                    <h2>Nothing is in {sheet ? `the sheet ${plainly(sheet)}` : 'this workbook'}</h2>
                    <p class="mid">It has no cells, so no table was found in it{tabs.length > 1 ? '; its other sheets are below' : ''}. What was sent is under Files: the sender may have saved another workbook than the one meant.</p>
                  </div>
                )}
                <button type="button" class="map-strip" tabIndex={-1} aria-hidden="true" onClick={(event) => grid.current?.goTo(event.offsetY / event.currentTarget.clientHeight)}>
                  <canvas ref={strip} />
                </button>
              </div>
            </>
          )}
          <div class="sheet-tabs">
            {tabs.length > 8 && <Choice kind="all-sheets" label={`Sheet, ${tabs.length}`} value={String(atSheet)} all={tabs.map(([name], at) => [String(at), `${plainly(name)}${bySheet(name).length ? `, issues: ${countOf(bySheet(name))}` : ''}`])} onChange={(at) => toSheet(Number(at))} />}
            <div role="tablist" aria-label="Sheets" ref={tabList}>
            {tabs.map(([name, side], at) => {
              const found = side === 'input' ? bySheet(name) : []
              const isHere = at === atSheet
              const hidden = side === 'input' && loaded.input.find((one) => one.name === name)?.state !== 'visible'
              return (
                <button type="button" role="tab" key={`${side} ${name}`} aria-selected={isHere} tabIndex={isHere ? 0 : -1} onClick={() => toSheet(at)}>
                  <bdi>{plainly(name)}</bdi> {found.length > 0 && <span class={`chip ${worst(found)}`}>{countOf(found)}</span>}
                  {hidden && <span class="dim">hidden</span>}
                  {side === 'output' && <span class="dim">written</span>}
                </button>
              )
            })}
            </div>
            <span class="legend wide-only" role="status">
              {picked && <span>{sumOf(picked, (row, column) => windows.value(picked.side, sheetOn(picked.side), row, column))}</span>}
              {!picked && [<span><span class="corner" /> error</span>, <span><span class="corner warning" /> warning</span>, <span>hatched: not written</span>]}
            </span>
          </div>
        </div>
        {panel && (mode !== 'issues' || !narrow) && <Separator name="why" label="Width of why" behind least={220} />}
        {panel && (mode !== 'issues' || !narrow) && (
          <Why
            run={run}
            sheet={sheet}
            partnerSheet={scene?.partner ?? null}
            cell={chosen}
            partner={partnerCell()}
            known={!!scene?.segments && !scene.segments.some((one) => one.unknown)}
            value={(cell) => windows.value(cell.side, sheetOn(cell.side), cell.row, cell.column)}
            table={current ?? null}
            explained={loaded.explained}
            issues={issues.filter((issue) => (chosen ? isAt(issue, chosen, sheet) : issue.sheet === sheet && !spot(issue, 'input')))}
            current={atIssue >= 0 ? issues[atIssue] : null}
            at={atIssue}
            total={whole}
            busy={busy}
            came={came}
            onIssue={toIssue}
          />
        )}
      </div>
      {asking && <GoTo onClose={() => ask(false)} onGo={goTo} />}
    </>
  )
}

function chosenOf(query: URLSearchParams): Cell | null {
  const found = place(query.get('cell') ?? '')
  return found && { side: query.get('side') === 'output' ? 'output' : 'input', ...found }
}

function isAt(issue: Issue, cell: Cell, sheet: string): boolean {
  const at = spot(issue, cell.side)
  return !!at && at.row === cell.row && at.column === cell.column && (cell.side === 'input' ? issue.sheet === sheet : true)
}
