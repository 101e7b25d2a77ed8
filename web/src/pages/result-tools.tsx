// What a result is looked at with: sides, filters, the search, and the way to the next issue above the grids; the sheets below them.
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { Run } from '../api/client'
import type { Side } from '../grid/windows'
import { Button, Choice, copy, failed, Icon, many, number, plainly, Segments, Switch, toast } from '../parts'
import { issueRows, saveIssues } from '../parts/save'
import { amend } from '../router'
import { tabs as asTabs } from './copied'
import { worst } from './explained'
import { Find } from './find'
import type { Filter, useIssues } from './issues'
import type { useRows } from './result-grid'
import type { Asked, Loaded, Mode, Scene } from './result-scene'
import { choose, type useWalk } from './result-walk'

interface Props {
  run: Run
  asked: Asked
  scene: Scene | null
  found: ReturnType<typeof useIssues>
  filter: Filter
  setSeverities: (to: Set<string>) => void
  rows: ReturnType<typeof useRows>
  align: boolean
  setAlign: (on: boolean) => void
  narrow: boolean
  /** The side that is searched, and the sheet of a side. */
  here: Side
  sheetOn: (side: Side) => string
  grouped: '' | 'rule' | 'key'
  walk: ReturnType<typeof useWalk>
  onLeave: () => void
}

export function Tools(props: Props) {
  const { run, asked, scene, found, rows, here, sheetOn, narrow } = props
  const { mode } = asked
  const pieces: [Mode, string][] = narrow ? [['input', 'Sender’s'], ['output', 'Normalized'], ['issues', `Issues ${number(found.total)}`]] : [['both', 'Side by side'], ['input', 'Sender’s'], ['output', 'Normalized'], ['issues', 'Issues']]
  return (
    <div class="tools">
      {!asked.isOwn && <Segments label="View" value={mode} onChange={(view) => amend({ view: view === 'both' ? null : view })} all={pieces} />}
      {mode === 'both' && (
        <span class="roomy small dim">{rows.canAlign ? <Switch on={props.align} onChange={props.setAlign}>Rows aligned</Switch> : scene?.why}</span>
      )}
      {mode !== 'issues' && (
        <Find
          run={run}
          side={here}
          sheet={sheetOn(here)}
          sheets={here === 'input' ? asked.seen.map((one) => one.name) : [sheetOn(here)]}
          chosen={rows.chosen}
          onFound={(cell, on) => choose({ side: here, ...cell }, (here === 'input' && on) || asked.sheet)}
          onLeave={props.onLeave}
        />
      )}
      {rows.canOnly && <Switch on={rows.isOnly} onChange={(on) => amend({ only: on ? '1' : null })}>Only issues</Switch>}
      {mode === 'issues' && found.issues.length > 0 && <OfList {...props} />}
      <span class="grow" />
      {found.total > 0 && <Filters {...props} />}
    </div>
  )
}

/** How the issues are listed, and the list to take away. */
function OfList({ run, found: { issues, more, isFiltered, passes }, grouped }: Props) {
  const whole = issues.length + more
  return (
    <span class="flow">
      <Segments label="Grouped" value={grouped} onChange={(group) => amend({ group })} all={[['', 'In order'], ['rule', 'By rule'], ...(issues.some((issue) => issue.key) ? [['key', 'By person'] as ['key', string]] : [])]} />
      <Button onClick={() => (copy(asTabs(issueRows(issues))), toast(`${more ? `${number(issues.length)} of ${many(whole, 'issue')}` : many(whole, 'issue')} copied as text.${more ? ' CSV saves all.' : ''}`))}>
        <Icon name="copy" /> Copy
      </Button>
      <Button onClick={() => saveIssues(run, isFiltered ? passes : null).catch(failed)}><Icon name="download" /> CSV</Button>
    </span>
  )
}

function Filters({ found: { all, counts }, filter: { severities, rule, field }, setSeverities, walk }: Props) {
  const rules = useMemo(() => [...new Set(all.map((issue) => issue.rule))].sort(), [all])
  const fields = useMemo(() => [...new Set(all.map((issue) => issue.field).filter((one) => one != null))].sort(), [all])
  const toggle = (severity: string) => {
    const next = new Set(severities)
    if (!next.delete(severity)) next.add(severity)
    setSeverities(next)
  }
  return (
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
        <Button kind="square" aria-label="Previous issue, p" onClick={() => walk.step(-1)}><Icon name="up" /></Button>
        <Button kind="square" aria-label="Next issue, n" onClick={() => walk.step(1)}><Icon name="down" /></Button>
      </span>
    </>
  )
}

/** The sheets of both sides, each with its issues; and beside them what is said of the cells. */
export function SheetTabs({ tabs, at: atSheet, loaded, found: { issues, more }, to, children }: { tabs: [string, Side][]; at: number; loaded: Loaded; found: ReturnType<typeof useIssues>; to: (at: number) => void; children: ComponentChildren }) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }), [atSheet])
  const isAlone = tabs.filter(([, side]) => side === 'input').length === 1
  const of = (name: string) => issues.filter((issue) => issue.sheet === name)
  const countOf = (found: unknown[]) => (isAlone ? number(issues.length + more) : `${number(found.length)}${more ? '+' : ''}`)
  return (
    <div class="sheet-tabs">
      {tabs.length > 8 && <Choice kind="all-sheets" label={`Sheet, ${tabs.length}`} value={String(atSheet)} all={tabs.map(([name], at) => [String(at), `${plainly(name)}${of(name).length ? `, issues: ${countOf(of(name))}` : ''}`])} onChange={(at) => to(Number(at))} />}
      <div role="tablist" aria-label="Sheets" ref={list}>
        {tabs.map(([name, side], at) => {
          const found = side === 'input' ? of(name) : []
          const isHere = at === atSheet
          const hidden = side === 'input' && loaded.input.find((one) => one.name === name)?.state !== 'visible'
          return (
            <button type="button" role="tab" key={`${side} ${name}`} aria-selected={isHere} tabIndex={isHere ? 0 : -1} onClick={() => to(at)}>
              <bdi>{plainly(name)}</bdi> {found.length > 0 && <span class={`chip ${worst(found)}`}>{countOf(found)}</span>}
              {hidden && <span class="dim">hidden</span>}
              {side === 'output' && <span class="dim">written</span>}
            </button>
          )
        })}
      </div>
      <span class="legend wide-only" role="status">{children}</span>
    </div>
  )
}
