// The tools of a result: sides, filters, search and the next issue above the grids; the sheets below them.
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { Side } from '../grid/windows'
import { Button, Choice, copy, failed, many, number, plainly, Segments, Switch, toast } from '../parts'
import { issueRows, saveIssues } from '../parts/save'
import { amend } from '../router'
import { tabs as asTabs } from './copied'
import type { View } from './result'
import { worst } from './explained'
import { Find } from './find'
import type { Mode } from './result-scene'
import { choose } from './result-walk'

export function Tools(view: View) {
  const { run, asked, scene, found, rows, here, sheetOn, narrow } = view
  const { mode } = asked
  const pieces: [Mode, string][] = narrow ? [['input', 'Sender’s'], ['output', 'Normalized'], ['issues', `Issues ${number(found.total)}`]] : [['both', 'Side by side'], ['input', 'Sender’s'], ['output', 'Normalized'], ['issues', 'Issues']]
  return (
    <div class="tools">
      {!asked.isOwn && <Segments label="View" value={mode} onChange={(view) => amend({ view: view === 'both' ? null : view })} all={pieces} />}
      {mode === 'both' && (
        <span class="roomy small dim">{rows.canAlign ? <Switch on={view.align} onChange={view.setAlign}>Rows aligned</Switch> : scene?.why}</span>
      )}
      {mode !== 'issues' && (
        <Find
          run={run}
          side={here}
          sheet={sheetOn(here)}
          sheets={here === 'input' ? asked.seen.map((sheet) => sheet.name) : [sheetOn(here)]}
          chosen={rows.chosen}
          onFound={(cell, on) => choose({ side: here, ...cell }, (here === 'input' && on) || asked.sheet)}
          onLeave={() => view.grid.current?.focus(here)}
        />
      )}
      {rows.canOnly && <Switch on={rows.isOnly} onChange={(on) => amend({ only: on ? '1' : null })}>Only issues</Switch>}
      {mode === 'issues' && found.issues.length > 0 && <OfList {...view} />}
      <span class="grow" />
      {found.total > 0 && <Filters {...view} />}
    </div>
  )
}

/** The order of the issues, and the list as a download. */
function OfList({ run, found: { issues, more, isFiltered, passes }, grouped }: View) {
  const whole = issues.length + more
  return (
    <span class="flow">
      <Segments label="Grouped" value={grouped} onChange={(group) => amend({ group })} all={[['', 'In order'], ['rule', 'By rule'], ...(issues.some((issue) => issue.key) ? [['key', 'By person'] as ['key', string]] : [])]} />
      <Button icon="copy" onClick={() => (copy(asTabs(issueRows(issues))), toast(`${more ? `${number(issues.length)} of ${many(whole, 'issue')}` : many(whole, 'issue')} copied as text.${more ? ' CSV saves all.' : ''}`))}>
        Copy
      </Button>
      <Button icon="download" onClick={() => saveIssues(run, isFiltered ? passes : null).catch(failed)}>CSV</Button>
    </span>
  )
}

function Filters({ found: { all, counts }, filter: { severities, rule, field }, setSeverities, walk }: View) {
  const rules = useMemo(() => [...new Set(all.map((issue) => issue.rule))].sort(), [all])
  const fields = useMemo(() => [...new Set(all.map((issue) => issue.field).filter((field) => field != null))].sort(), [all])
  const toggle = (severity: string) => {
    const next = new Set(severities)
    if (!next.delete(severity)) next.add(severity)
    setSeverities(next)
  }
  return (
    <>
      <span class="segments roomy" role="group" aria-label="Severity">
        {(['error', 'warning', 'info'] as const).map((severity) =>
          counts[severity] ? (
            <button type="button" key={severity} aria-pressed={severities.has(severity)} onClick={() => toggle(severity)}>
              <span class={`corner ${severity}`} />
              {severity === 'info' ? 'Info' : severity === 'error' ? 'Errors' : 'Warnings'} <span class="count">{number(counts[severity])}</span>
            </button>
          ) : null,
        )}
      </span>
      <Choice kind="wide-only" label="Rule" value={rule} none="All rules" all={rules} onChange={(value) => amend({ rule: value })} />
      <Choice kind="wide-only" label="Field" value={field} none="All fields" all={fields} onChange={(value) => amend({ field: value })} />
      <span class="flow roomy">
        <Button icon="up" kind="square" aria-label="Previous issue, p" onClick={() => walk.step(-1)} />
        <Button icon="down" kind="square" aria-label="Next issue, n" onClick={() => walk.step(1)} />
      </span>
    </>
  )
}

/** The sheets of both sides with their issues, and next to them the summary of the selected cells. */
export function SheetTabs({ tabs, at: atSheet, loaded, found: { issues, more }, to, children }: { tabs: [string, Side][]; at: number; to: (at: number) => void; children: ComponentChildren } & View) {
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
          const hidden = side === 'input' && loaded.input.find((sheet) => sheet.name === name)?.state !== 'visible'
          return (
            <button type="button" role="tab" key={`${side} ${name}`} aria-selected={isHere} tabIndex={isHere ? 0 : -1} onClick={() => to(at)}>
              <bdi>{plainly(name)}</bdi> {found.length > 0 && <span class={`chip ${worst(found)}`}>{countOf(found)}</span>}
              {hidden && <span class="dim">hidden</span>}
              {side === 'output' && <span class="dim">written</span>}
            </button>
          )
        })}
      </div>
      <span class="legend dim wide-only" role="status">{children}</span>
    </div>
  )
}
