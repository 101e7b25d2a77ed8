// The log of a run, followed while it runs. All lines have the same height; only visible ones are in the page.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { get, type Run } from '../api/client'
import { amend, inAddress, query } from '../router'
import { Button, Choice, clock, failed, moves, number, plainly, Search, Segments, Separator, Switch, title, Trouble, useKeys, useSight } from '../parts'
import { saveLog } from '../parts/save'
import { LEVELS, lineOf, nextError, rank, shownFrom, type Level, type Line } from './lines'

const HEIGHT = 21
const PAGE = 1000

/** Returns the lines of a run's log, from the first to the last available one. */
export function useLog(run: Run | null): { lines: Line[]; error: unknown } {
  const lines = useRef<Line[]>([])
  const [, drawn] = useState(0)
  const [error, setError] = useState<unknown>(null)
  const ended = !!run?.completed_at
  const held = useRef(ended)
  held.current = ended
  useEffect(() => {
    if (!run) return
    lines.current = []
    const abort = new AbortController()
    const read = async () => {
      while (!abort.signal.aborted) {
        // Read before the page of lines: a run that ended in between is read once more.
        const last = held.current
        const page = await get('/api/v1/runs/{id}/logs', { id: run.id, after_id: lines.current.at(-1)?.id ?? 0, limit: PAGE }, abort.signal)
        if (page.entries.length) {
          lines.current = lines.current.concat(page.entries.map(lineOf))
          drawn((turn) => turn + 1)
        }
        if (page.entries.length === PAGE) continue
        if (last) return
        await new Promise((resolve) => setTimeout(resolve, document.hidden ? 3000 : 400))
      }
    }
    read().catch((error) => abort.signal.aborted || setError(error))
    return () => abort.abort()
  }, [run?.id, run?.attempt_count])
  return { lines: lines.current, error }
}

export function LogView({ run, lines, error }: { run: Run; lines: Line[]; error: unknown }) {
  const sight = useSight(HEIGHT)
  const { box } = sight
  const least = (LEVELS.includes(query.value.get('level') as Level) ? query.value.get('level') : 'info') as Level
  const q = inAddress('q')
  const event = inAddress('event')
  const running = !run.completed_at
  const [follow, setFollow] = useState(running)
  const [chosen, choose] = useState(-1)
  const shown = useMemo(() => shownFrom(lines, 0, least, event, q), [lines, least, event, q])
  const levels = useMemo(() => {
    const counts = [0, 0, 0, 0]
    for (const line of lines) counts[rank(line.level)]++
    return counts.map((_, level) => counts.slice(level).reduce((sum, count) => sum + count, 0))
  }, [lines])
  const events = useMemo(() => [...new Set(lines.map((line) => line.event))].sort(), [lines])

  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [follow, shown.length])
  const show = (at: number) => {
    if (at < 0 || at >= shown.length) return
    choose(shown[at])
    setFollow(false)
    sight.show(at)
  }
  const at = shown.indexOf(chosen)
  const scrolled = () => {
    const scroller = box.current!
    sight.look()
    if (follow && scroller.scrollTop + scroller.clientHeight < scroller.scrollHeight - 2 * HEIGHT) setFollow(false)
  }
  useKeys({
    f: () => setFollow(!follow),
    e: () => show(nextError(lines, shown, at, 1)),
    'Shift e': () => show(nextError(lines, shown, Math.max(at, 0), -1)),
    ...moves((step) => show(at + step)),
    Escape: () => choose(-1),
  })
  // Search results are marked in place, without extra nodes.
  useEffect(() => {
    const hits: Range[] = []
    if (q)
      for (const cell of box.current!.querySelectorAll('.log-line > :is(.event, :last-child)')) {
        const node = cell.firstChild
        const text = node?.nodeValue?.toLowerCase() ?? ''
        for (let at = text.indexOf(q.toLowerCase()); at >= 0 && at < 2000; at = text.indexOf(q.toLowerCase(), at + q.length)) {
          const hit = new Range()
          hit.setStart(node!, at)
          hit.setEnd(node!, Math.min(at + q.length, node!.nodeValue!.length))
          hits.push(hit)
        }
      }
    CSS.highlights?.set('hit', new Highlight(...hits))
    return () => void CSS.highlights?.delete('hit')
  })
  return (
    <>
      <div class="tools">
        <Search value={q} label="Search the log" onInput={(text) => amend({ q: text })} />
        <Segments label="Lowest level" value={least} onChange={(level) => amend({ level })} all={LEVELS.map((level, place): [Level, string, number] => [level, title(level), levels[place]])} />
        <Choice kind="roomy" label="Event" value={event} none="All events" all={events} onChange={(value) => amend({ event: value })} />
        <span class="grow" />
        {running && (
          <Switch on={follow} onChange={setFollow}>Follow</Switch>
        )}
        <Button icon="download" kind="roomy" title="The whole log, one line of JSON for each event" onClick={() => saveLog(run).catch(failed)}>
          JSON lines
        </Button>
      </div>
      <Trouble error={error} />
      <div class="log" ref={box} tabIndex={0} role="region" aria-label={`Event log, ${number(shown.length)} lines`} onScroll={scrolled}>
        <div class="log-lines" ref={sight.high(shown.length)}>
          {shown.slice(sight.first, sight.last).map((place, index) => {
            const line = lines[place]
            return (
              <div
                key={place}
                class={`log-line ${line.level} ${place === chosen ? 'chosen' : ''}`}
                ref={sight.at(sight.first + index)}
                onClick={() => choose(place === chosen ? -1 : place)}
              >
                <span>{line.id}</span>
                <span class="time dim" title={line.created}>{clock(line.created, true)}</span>
                <span class="level dim">{line.level}</span>
                <span class="event mid">{line.event}</span>
                <span title={line.message}>{plainly(line.message)}</span>
              </div>
            )
          })}
        </div>
        {!shown.length && lines.length > 0 && <p class="empty">No line of this log matches these filters.</p>}
      </div>
      {chosen >= 0 && lines[chosen] && (
        <>
          <Separator name="log" label="Height of the data" flat behind least={60} />
          <div class="log-data mid" tabIndex={0} role="region" aria-label="Data of the event">
            {plainly(lines[chosen].message)}
            {'\n'}
            {JSON.stringify(lines[chosen].data ?? {}, null, 1)}
          </div>
        </>
      )}
    </>
  )
}
