// The live list of runs.
import { useEffect, useRef, useState } from 'preact/hooks'
import { address, get, may, offline, type Run, type Schemas, workspace } from '../api/client'
import { hear } from '../api/events'
import { amend, go, query } from '../router'
import { Ask, Button, Choice, doing, fieldsOf, Heads, Link, List, listed, many, missing, moment, Name, NoneLeft, now, number, quoted, Search, Segments, short, span, StatusOf, Title, title, toast, useAbout, useEvery, useKeys, useLines, useLoaded } from '../parts'
import { cancelRun } from '../parts/frame'
import { runAgain } from './starts'
import { download } from '../parts/save'
import { accepts, filterOf, merged, SINCE, type Filter } from './runs-filter'
import { FirstRun } from './first-run'
import { BatchFiles, BatchPanel, nameOf } from './batch'
import { configurations } from './start'

const PAGE = 100
/** A page that is left keeps its state for the return. */
let kept: { of: string; runs: Run[]; cursor: string | null; top: number; chosen: string | null } | null = null
let last = '/runs'
/** Returns the address of the list as it was left: its filters and the selected run. */
export const listOfRuns = () => last
/** Returns the run below or above another in the list as it was left. */
export function besideOf(id: string, step: number): string | null {
  const at = kept?.runs.findIndex((run) => run.id === id) ?? -1
  const next = at < 0 ? null : kept!.runs[at + step]
  if (next) kept!.chosen = next.id
  return next?.id ?? null
}

function queryOf(filter: Filter) {
  const since = SINCE[filter.since]?.seconds
  return {
    workspace: workspace.value,
    status: filter.status,
    configuration: filter.config,
    q: filter.q,
    label: filter.label,
    // Of a file that was run again, only the newest run.
    newest: !!filter.label || undefined,
    has_issues: filter.look === 'issues' || undefined,
    fields_missing: filter.look === 'fields' || undefined,
    since: since ? new Date(Math.floor((Date.now() - since * 1000) / 1000) * 1000).toISOString() : undefined,
  }
}

/** The list: the server's answer plus stream updates. New runs wait while the user reads further down. */
function useRuns(filter: Filter, isAway: () => boolean) {
  const of = JSON.stringify([workspace.value, filter])
  const [runs, setRuns] = useState<Run[] | null>(kept?.of === of ? kept.runs : null)
  const [cursor, setCursor] = useState<string | null>(kept?.of === of ? kept.cursor : null)
  const [fresh, setFresh] = useState<Run[]>([])
  const [counted, setCounted] = useState<Schemas['RunCounts'] | null>(null)
  const [error, setError] = useState<unknown>(null)
  const state = useRef({ runs, cursor, filter, of, counting: 0 })
  Object.assign(state.current, { runs, cursor, filter, of })

  const load = async (abort?: AbortSignal) => {
    try {
      const page = await get('/api/v1/runs', { ...queryOf(filter), limit: PAGE, counts: true }, abort)
      setRuns(page.items)
      setCursor(page.next_cursor ?? null)
      setCounted(page.counts ?? null)
      setFresh([])
      setError(null)
    } catch (error) {
      // The shown runs stay, and the frame shows how old they are.
      if (!abort?.aborted && !(state.current.runs && (error as { code?: string }).code === 'offline')) setError(error)
    }
  }
  const count = () => {
    const held = state.current
    if (held.counting) return
    held.counting = setTimeout(() => {
      held.counting = 0
      const all = { ...queryOf(held.filter), status: undefined, limit: 1, counts: true }
      get('/api/v1/runs', all).then((page) => setCounted(page.counts ?? null), () => {})
    }, 500) as unknown as number
  }
  useEffect(() => {
    const abort = new AbortController()
    load(abort.signal).then(count)
    return () => abort.abort()
  }, [of])
  useEffect(
    () =>
      hear((told) => {
        const held = state.current
        if (told.some((item) => item.kind === 'reset')) return void load().then(count)
        const changed = told.filter((item) => item.kind === 'run').map((item) => item.data as Run)
        if (!changed.length || !held.runs) return
        const again = new Set(held.filter.label ? changed.map((run) => run.retry_of_run_id) : [])
        const { runs, added } = merged(held.runs.filter((run) => !again.has(run.id)), changed, (run) => accepts(held.filter, run, Date.now()))
        // A list that is open all day does not grow: at its top, the newest runs are enough.
        if (!isAway() && runs.length > 3 * PAGE) return void load().then(count)
        if (isAway() && added.length) {
          const known = new Set(added.map((run) => run.id))
          setRuns(runs.filter((run) => !known.has(run.id)))
          setFresh((before) => [...added, ...before.filter((run) => !known.has(run.id))])
        } else setRuns(runs)
        count()
      }),
    [],
  )
  // Without a stream, the server is polled.
  useEvery(2000, () => isAway() || load(), offline.value)
  const more = async () => {
    const { cursor, of } = state.current
    if (!cursor) return
    setCursor(null)
    const page = await get('/api/v1/runs', { ...queryOf(filter), limit: PAGE, cursor }).catch(setError)
    if (!page || state.current.of !== of) return
    setRuns((before) => merged(before ?? [], page.items, () => true).runs)
    setCursor(page.next_cursor ?? null)
  }
  const show = () => {
    setRuns((before) => merged(before ?? [], fresh, () => true).runs)
    setFresh([])
  }
  return { of, runs, cursor, counted, fresh, error, load, more, show }
}

export function Runs() {
  const filter = filterOf(query.value)
  const list = useRuns(filter, () => (box.current?.scrollTop ?? 0) > 60)
  const { runs, counted } = list
  const [chosen, choose] = useState<string | null>(kept?.of === list.of ? kept.chosen : null)
  const { box, at, move, enter } = useLines(runs ?? [], chosen, choose)
  const [several, setSeveral] = useState(new Set<string>())
  const [cancels, setCancels] = useState<string[]>([])
  const [agains, setAgains] = useState<string[]>([])
  const [text, setText] = useState(filter.q)
  const waiting = useRef(0)
  const isFiltered = !!(filter.status || filter.config || filter.q || filter.look || filter.label)

  useEffect(() => {
    if (box.current && kept?.of === list.of) box.current.scrollTop = kept.top
  }, [runs != null])
  last = `/runs${query.value.size ? `?${query.value}` : ''}`
  useEffect(() => () => void (kept = runs && { of: list.of, runs, cursor: list.cursor, top: box.current?.scrollTop ?? 0, chosen }), [runs, chosen])

  const search = (next: string) => {
    setText(next)
    clearTimeout(waiting.current)
    waiting.current = setTimeout(() => amend({ q: next }), 150) as unknown as number
  }
  const extend = (id: string | undefined) => id && setSeveral(new Set([...several, ...(chosen ? [chosen] : []), id]))
  const showNew = () => (list.show(), box.current && (box.current.scrollTop = 0))
  const toggle = (id: string) => {
    const next = new Set(several)
    if (!next.delete(id)) next.add(id)
    setSeveral(next)
  }
  const press = (id: string, event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey) setSeveral(new Set([...several, ...(chosen && !several.size ? [chosen] : []), id]))
    else if (event.shiftKey && chosen) {
      const [from, to] = [at, runs!.findIndex((run) => run.id === id)].sort((a, b) => a - b)
      setSeveral(new Set(runs!.slice(from, to + 1).map((run) => run.id)))
      getSelection()?.empty()
    } else setSeveral(new Set())
    choose(id)
  }
  // In list order from the bottom: the order in which they first ran.
  const acted = () => (several.size ? runs!.filter((run) => several.has(run.id)).map((run) => run.id).reverse() : chosen ? [chosen] : [])
  const live = () => runs?.filter((run) => acted().includes(run.id) && /queued|running/.test(run.status)).map((run) => run.id) ?? []
  const cancel = () => {
    const ids = live()
    if (ids.length > 1) setCancels(ids)
    else if (ids.length) cancelRun(ids[0])
    else if (acted().length) toast('None of these is waiting or running.')
  }
  const again = () => {
    if (acted().length > 20) setAgains(acted())
    else if (acted().length) (runAgain(acted()), setSeveral(new Set()))
  }
  const save = async (painted = false) => {
    const ids = acted().filter((id) => runs!.some((run) => run.id === id && run.output_path && !run.artifacts_deleted_at && (!painted || run.metrics?.issues)))
    if (!ids.length) return acted().length && toast(painted ? 'None of these has issues to mark.' : 'None of these has a workbook.')
    for (const id of ids) {
      download(address(painted ? '/api/v1/runs/{id}/annotated' : '/api/v1/runs/{id}/output', { id }))
      // Browsers accept downloads one after the other.
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
  useKeys({
    d: () => save(),
    'Shift d': () => save(true),
    'Ctrl a': () => runs && setSeveral(new Set(runs.map((run) => run.id))),
    ' ': () => chosen && toggle(chosen),
    'Shift ArrowDown': () => extend(move(1)),
    'Shift ArrowUp': () => extend(move(-1)),
    Enter: () => chosen && go(`/runs/${chosen}`),
    x: cancel,
    r: again,
    '.': showNew,
    Escape: () => {
      if (several.size) setSeveral(new Set())
      else if (isFiltered) clear()
    },
  })
  const clear = () => (setText(''), amend({ q: null, status: null, config: null, look: null, issues: null, label: null }))
  const command = listed(['ade runs ls', filter.status && `--status ${filter.status}`, filter.config && `--configuration ${quoted(filter.config)}`, filter.label && `--label ${quoted(filter.label)}`, filter.look === 'fields' && '--fields-missing'], ' ')
  useAbout({
    title: filter.label ? nameOf(filter.label) : 'Runs',
    command,
    keys: [['j k', 'move'], ['Enter', 'open'], ['d', 'workbook'], ['?', 'all keys']],
  })

  if (runs && !runs.length && !isFiltered && !filter.sinceGiven) return <FirstRun />
  const all = counted && counted.queued + counted.running + counted.succeeded + counted.failed + counted.cancelled
  const statuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
  return (
    <>
      <Title of={filter.label ? nameOf(filter.label) : 'Runs'} say={several.size ? `${many(several.size, 'run')} chosen` : filter.label ? many(all ?? 0, 'run') : `${SINCE[filter.since].sentence}, newest first`}>
        {filter.label && !several.size && runs && <BatchFiles label={filter.label} runs={runs} />}
        {several.size > 0 && (
          <span class="flow">
            <Button icon="download" onClick={() => save()}>Workbooks <kbd class="roomy">d</kbd></Button>
            <Button needs="run" onClick={again}>Run again <kbd class="roomy">r</kbd></Button>
            {live().length > 0 && <Button kind="danger" needs="run" onClick={cancel}>Cancel <kbd class="roomy">x</kbd></Button>}
            {may('admin') && <Link class="button" to={`/configs/${runs!.find((run) => run.id === acted()[0])?.configuration_id}/compare?runs=${acted()}`}>Try the changes</Link>}
            {several.size === 2 && <Link class="button" to={`/runs/${acted()[1]}/compare?with=${acted()[0]}`}>Compare</Link>}
            <Button kind="quiet" onClick={() => setSeveral(new Set())}>Choose none <kbd class="roomy">Esc</kbd></Button>
          </span>
        )}
      </Title>
      <div class="tools" role="search">
        <Search value={text} label="Input, configuration or id" onInput={search} onDown={enter} />
        <Segments
          label="Status"
          value={filter.status}
          onChange={(status) => amend({ status })}
          all={[['' as string, 'All', all ?? undefined], ...statuses.map((status): [string, string, number?] => [status, title(status), counted?.[status]])]}
        />
        <Segments
          label="Look at"
          value={filter.look}
          onChange={(look) => amend({ look: look === filter.look ? null : look, issues: null })}
          all={[
            ['fields', 'Fields missing', counted?.fields_missing],
            ['issues', 'With issues', counted?.with_issues],
          ]}
        />
        <ConfigurationFilter value={filter.config} />
        {!filter.label && <Choice label="Since" value={filter.since} all={Object.entries(SINCE).map(([key, { name }]) => [key, name])} onChange={(since) => amend({ since })} />}
      </div>
      <List of="Runs, newest first" there={!!runs} error={list.error} again={() => list.load()} box={box} more={list.more} side={filter.label && <BatchPanel label={filter.label} />}>
        {list.fresh.length > 0 && (
          <div class="waiting">
            <Button onClick={showNew}>{many(list.fresh.length, 'new run')} <kbd>.</kbd></Button>
          </div>
        )}
        {runs?.length ? (
          <Table runs={runs} chosen={chosen} several={several} slim={!!filter.label} onChoose={press} />
        ) : (
          <NoneLeft clear={() => (clear(), amend({ since: 'all' }))}>
            {filter.label && !filter.status && !filter.look ? 'No run of it yet.' : `No ${filter.status} run${filter.config && ` of ${filter.config}`} ${filter.label ? 'of this batch' : SINCE[filter.since].sentence}${filter.q && ` with “${filter.q}”`}${{ issues: ' with issues', fields: ' with fields missing' }[filter.look] ?? ''}.`}
          </NoneLeft>
        )}
      </List>
      {cancels.length > 0 && (
        <Ask title={`Cancel ${many(cancels.length, 'run')}?`} keep="Leave them" does={`Cancel ${many(cancels.length, 'run')}`} onKeep={() => setCancels([])} onDo={() => cancels.forEach(cancelRun)}>
          <p>Each stops within 5 s and writes nothing. They can be run again.</p>
        </Ask>
      )}
      {agains.length > 0 && (
        <Ask title={`Run ${many(agains.length, 'file')} again?`} keep="Leave them" does={`Run ${many(agains.length, 'file')} again`} onKeep={() => setAgains([])} onDo={() => (runAgain(agains), setSeveral(new Set()))}>
          <p>Each uses its configuration as it is now. If the queue is full, the others start one after another.</p>
        </Ask>
      )}
      <span class="unseen" role="status">{list.fresh.length ? many(list.fresh.length, 'new run') : ''}</span>
    </>
  )
}

function ConfigurationFilter({ value }: { value: string }) {
  const { value: known } = useLoaded(configurations, [workspace.value])
  const names = [...new Set(known?.map((item) => item.name))]
  const all = value && !names.includes(value) ? [value, ...names] : names
  return <Choice label="Configuration" value={value} none="All configurations" all={all} onChange={(config) => amend({ config })} />
}

const HEADS: [string, string?][] = [['Status', 'c-status'], ['Input'], ['Configuration', 'c-configuration'], ['Rows read', 'figure c-figure'], ['Fields', 'figure c-fields'], ['Not found', 'c-lost wide-only'], ['Issues', 'figure c-figure'], ['Took', 'figure c-time'], ['Created ↓', 'figure c-time'], ['Id', 'figure id c-id wide-only']]

function Table({ runs, chosen, several, slim, onChoose }: { runs: Run[]; chosen: string | null; several: Set<string>; slim: boolean; onChoose: (id: string, event: MouseEvent) => void }) {
  return (
    <table class={`records fixed runs ${slim ? 'slim' : ''}`}>
      <caption class="unseen">Runs, newest first</caption>
      <Heads all={HEADS} />
      <tbody>
        {runs.map((run) => (
          <Row key={run.id} run={run} isChosen={run.id === chosen || several.has(run.id)} onChoose={onChoose} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ run, isChosen, onChoose }: { run: Run; isChosen: boolean; onChoose: (id: string, event: MouseEvent) => void }) {
  const metrics = run.metrics
  const issues = metrics?.issues ?? 0
  const done = run.status === 'succeeded' && metrics && metrics.tables > 0 && !run.skipped_reason
  const lost = missing(run).join(', ')
  const took = run.duration_ms != null ? span(run.duration_ms) : run.status === 'running' && run.started_at ? span(Math.max(0, now.value - Date.parse(run.started_at))) : ''
  const version = run.configuration_version ? ` v${run.configuration_version}` : ''
  return (
    <tr id={`run-${run.id}`} class={isChosen ? 'chosen' : ''} onClick={(event) => onChoose(run.id, event)} onDblClick={() => go(`/runs/${run.id}`)}>
      <td><StatusOf run={run} /></td>
      <td class="name cut">
        <Link to={`/runs/${run.id}`} title={run.input.name}><Name of={run.input.name} /></Link>
      </td>
      <td class="mid cut roomy" title={`${run.configuration_name}${version ? `, version ${run.configuration_version}` : ', the files of its folder at that time'}`}>
        {run.configuration_name}
        <span class="dim">{version}</span>
      </td>
      {done ? (
        <>
          <td class="narrow told">
            <span class="cut">
              {run.configuration_name}
              {version} · {many(metrics.rows, 'row')} · <span class={lost && 'warn'}>{fieldsOf(metrics)}{lost && `, not found: ${lost}`}</span> {issues > 0 && <span class="warn">· {many(issues, 'issue')}</span>}
            </span>
          </td>
          <td class="figure roomy">{number(metrics.rows)}</td>
          <td class={`figure roomy ${lost && 'warn'}`} title={lost && `not found: ${lost}`}>
            {metrics.mapped_fields < metrics.expected_fields ? `${number(metrics.mapped_fields)} of ${number(metrics.expected_fields)}` : number(metrics.mapped_fields)}
          </td>
          <td class="wide-only warn cut" title={lost}>{lost}</td>
          <td class="figure roomy">{issues ? <span class={`chip ${metrics.errors ? 'error' : 'warning'}`}>{number(issues)}</span> : <span class="dim">0</span>}</td>
        </>
      ) : (
        <>
          <td class="narrow told">
            <span class={`cut ${run.status === 'failed' ? 'bad' : ''}`}>
              {run.configuration_name}
              {version} · {doing(run)}
            </span>
          </td>
          <td class="wide-only roomy" colSpan={4}><Doing run={run} /></td>
          <td class="roomy between" colSpan={3}><Doing run={run} /></td>
        </>
      )}
      <td class="figure mid roomy">{took}</td>
      <td class="figure mid time" title={run.created_at}>{moment(run.created_at)}</td>
      <td class="figure id wide-only" title={run.id}>{short(run.id)}</td>
    </tr>
  )
}

function Doing({ run }: { run: Run }) {
  const text = doing(run)
  // Most runs end before anybody could read that they are running.
  const late = run.status === 'running' && run.started_at && now.value - Date.parse(run.started_at) > 400
  return (
    <span class={`doing dim ${run.status === 'failed' ? 'bad' : ''}`}>
      {late && <progress aria-label="In progress" />}
      <span class="cut" title={text}>{text}</span>
    </span>
  )
}
