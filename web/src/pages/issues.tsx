// The issues of a run: loaded in pages while the grids are shown, filtered, and as a list.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { get, type Run } from '../api/client'
import { number, plainly, useSight } from '../parts'
import { groupedBy, type Issue } from './explained'

/** The number of issues loaded at once; more are loaded on request. */
const AT_ONCE = 10_000

export interface Filter {
  severities: Set<string>
  rule: string
  field: string
}
type Counts = Record<'error' | 'warning' | 'info', number>
const NONE: Counts = { error: 0, warning: 0, info: 0 }

interface Known {
  issues: Issue[]
  counts: Counts
  cursor: string | null
  /** Whether some are being loaded. */
  busy: boolean
}
const EMPTY: Known = { issues: [], counts: NONE, cursor: null, busy: true }
const total = (counts: Counts) => counts.error + counts.warning + counts.info

/** A server list with further pages. */
function useList(run: Run, on: boolean, filter: Filter | null, failed: (error: unknown) => void) {
  const [known, setKnown] = useState<Known>(EMPTY)
  const held = useRef({ known: EMPTY, abort: new AbortController() })
  const tell = (next: Known) => setKnown((held.current.known = next))
  const load = async () => {
    const { abort } = held.current
    const enough = held.current.known.issues.length + AT_ONCE
    const query = filter ? { rule: filter.rule, field: filter.field, severity: filter.severities.size === 1 ? [...filter.severities][0] : '' } : {}
    try {
      do {
        const { known } = held.current
        const page = await get('/api/v1/runs/{id}/issues', { id: run.id, ...query, limit: 1000, cursor: known.cursor }, abort.signal)
        if (abort.signal.aborted) return
        const issues = known.issues.concat(page.issues as Issue[])
        tell({ issues, counts: (page.counts as Counts) ?? known.counts, cursor: page.next_cursor ?? null, busy: !!page.next_cursor && issues.length < enough })
      } while (held.current.known.busy)
    } catch (error) {
      if (abort.signal.aborted) return
      tell({ ...held.current.known, busy: false })
      // A configuration without an issue list has none to show.
      if ((error as { code?: string }).code !== 'no_issue_list') failed(error)
    }
  }
  const key = filter && `${filter.rule} ${filter.field} ${[...filter.severities]}`
  useEffect(() => {
    held.current = { known: EMPTY, abort: new AbortController() }
    setKnown(EMPTY)
    if (on) load()
    return () => held.current.abort.abort()
  }, [run.id, on, key])
  return { ...known, load: () => (held.current.known.busy || !held.current.known.cursor ? Promise.resolve() : (tell({ ...held.current.known, busy: true }), load())), more: Math.max(0, total(known.counts) - known.issues.length) }
}

/** The loaded issues, those that match the filter, and the number not loaded yet. */
export function useIssues(run: Run, filter: Filter, failed: (error: unknown) => void) {
  const all = useList(run, true, null, failed)
  const isFiltered = filter.severities.size < 3 || !!filter.rule || !!filter.field
  // If not all are loaded, the server filters.
  const asks = isFiltered && !all.busy && all.more > 0
  const asked = useList(run, asks, asks ? filter : null, failed)
  const source = asks ? asked : all
  const isMeant = (issue: Issue) => (!filter.rule || issue.rule === filter.rule) && (!filter.field || issue.field === filter.field)
  const passes = (issue: Issue) => filter.severities.has(issue.severity) && isMeant(issue)
  const issues = useMemo(() => (isFiltered ? source.issues.filter(passes) : source.issues), [source.issues, isFiltered, filter.severities, filter.rule, filter.field])
  // Counts per severity for the current rule and field; unknown if not all are loaded.
  const counts = useMemo(() => {
    if ((!filter.rule && !filter.field) || all.more) return all.counts
    return all.issues.filter(isMeant).reduce((sum, { severity }) => ({ ...sum, [severity]: sum[severity] + 1 }), NONE)
  }, [all.issues, all.counts, filter.rule, filter.field])
  return { all: all.issues, total: total(all.counts), counts, issues, isFiltered, passes, more: source.more, busy: source.busy, load: source.load }
}

/** Lines of equal height; only visible ones are in the page. */
export function IssueList({ issues, at, grouped, narrow, onChoose, onOpen }: { issues: Issue[]; at: number; grouped: 'rule' | 'key' | ''; narrow: boolean; onChoose: (issue: Issue) => void; onOpen: (issue: Issue) => void }) {
  const sight = useSight(narrow ? 52 : 28)
  // An issue's number, or a rule with its count as a heading.
  const rows = useMemo(() => (grouped ? groupedBy(issues, grouped) : [...issues.keys()]), [issues, grouped])
  const place = rows.indexOf(at)
  useEffect(() => void (place >= 0 && sight.show(place)), [place])
  return (
    <div class="issue-list" ref={sight.box} onScroll={sight.look} tabIndex={0} role="region" aria-label={`Issues, ${number(issues.length)}`}>
      <div role="list" ref={sight.high(rows.length)}>
        {rows.slice(sight.first, sight.last).map((row, index) => {
          const top = sight.at(sight.first + index)
          if (typeof row === 'string')
            return (
              <div role="listitem" class="pane-title mid" key={row} ref={top}><h2><bdi>{plainly(row)}</bdi></h2></div>
            )
          const issue = issues[row]
          return (
          <div role="listitem" key={row} ref={top}>
            <button type="button" aria-current={row === at} onClick={() => (narrow ? onOpen(issue) : onChoose(issue))} onDblClick={() => onOpen(issue)}>
              <span class={`chip ${issue.severity}`}>{issue.severity}</span>
              <code class="cut"><bdi>{plainly(issue.sheet)}</bdi>{(issue.cell ?? issue.row) && `!${issue.cell ?? issue.row}`}</code>
              <span class="cut">{!issue.cell && issue.label && <strong>{issue.label}: </strong>}{issue.message}</span>
              <code class="cut value">{issue.value}</code>
              <code class="cut dim rule">{issue.rule}</code>
            </button>
          </div>
          )
        })}
      </div>
      {!issues.length && <p class="empty">No issues.</p>}
    </div>
  )
}
