// One run: its state and its tabs.
import { useEffect, useState } from 'preact/hooks'
import { address, get, may, type Run, writing } from '../api/client'
import { hear, link } from '../api/events'
import { LogView, useLog } from '../log/view'
import type { Line } from '../log/lines'
import { cancelRun, Menu } from '../parts/frame'
import { runAgain } from './starts'
import { Advice, bare, Button, copy, day, doing, fieldsOf, Icon, Link, listed, Loading, many, missing, NoSuch, Nothing, now, number, plainly, quoted, short, size, span, STAGES, stamp, Status, StatusOf, Tabs, TitleOf, toast, Trouble, useAbout, useEvery, useKeys, useLoaded } from '../parts'
import { download } from '../parts/save'
import { go, href } from '../router'
import { Explain } from './explain'
import { Files } from './files'
import { fixing } from './fix'
import { Compare } from './run-compare'
import { Result } from './result'
import { besideOf, listOfRuns } from './runs'

const TABS = ['result', 'log', 'explain', 'files', 'compare'] as const
type Tab = (typeof TABS)[number]

export function RunPage({ id, tab }: { id: string; tab?: string }) {
  const [run, setRun] = useState<Run | null>(null)
  const [error, setError] = useState<unknown>(null)
  const load = () => get('/api/v1/runs/{id}', { id }).then(setRun, setError)
  useEffect(() => {
    load()
    return hear((told) => {
      for (const change of told) if (change.kind === 'run' && change.data.id === id) setRun(change.data)
      if (told.some((item) => item.kind === 'reset')) load()
    })
  }, [id])
  const ended = !!run?.completed_at
  useEvery(2000, load, !ended && !link.value.live)
  const log = useLog(run)
  if ((error as { status?: number } | null)?.status === 404 && !run) return <NoSuch what="run" to={href('/runs')} list="All runs" />
  if (error && !run) return <Trouble error={error} again={load} />
  if (!run) return <Loading />
  const has = !!run.output_path && !run.artifacts_deleted_at
  const current: Tab = TABS.includes(tab as Tab) ? (tab as Tab) : run.status === 'succeeded' && has ? 'result' : 'log'
  return (
    <>
      <Head run={run} has={has} current={current} lines={log.lines.length} />
      {current === 'log' && (
        <>
          {!ended && <Stages run={run} lines={log.lines} />}
          {run.error && run.status !== 'cancelled' && <Failure run={run} />}
          {run.status === 'cancelled' && <div class="notice small">{doing(run)}. It wrote nothing, and can be run again.</div>}
          <LogView run={run} {...log} />
        </>
      )}
      {current === 'result' &&
        (run.artifacts_deleted_at ? (
          <Nothing title="Its files were deleted">
            They were deleted on {day(run.artifacts_deleted_at)}, as workers delete old ones. The record, its log and its figures stay. A new run needs the file again.
          </Nothing>
        ) : has || run.status === 'succeeded' ? (
          <Result run={run} />
        ) : (
          <Nothing title={ended ? 'No result' : 'No result yet'}>
            {!ended ? 'The two sheets appear here when the run has ended. ' : run.status === 'failed' ? 'The run failed. ' : 'The run was cancelled. '}
            <Link to={`/runs/${run.id}/log`}>Its log</Link> says {ended ? 'why' : 'how far it is'}.
          </Nothing>
        ))}
      {current === 'explain' && <Explain run={run} />}
      {current === 'files' && <Files run={run} />}
      {current === 'compare' && (has ? <Compare run={run} /> : <Nothing title="Nothing to compare">It wrote no workbook, or its files were deleted.</Nothing>)}
      <span class="unseen" role="status">{ended ? sentence(run) : ''}</span>
    </>
  )
}

const sentence = (run: Run) => listed([run.status, run.metrics && `${many(run.metrics.rows, 'row')} read`, missing(run).length && `not found: ${missing(run).join(', ')}`, run.metrics && many(run.metrics.issues, 'issue')])

function Head({ run, has, current, lines }: { run: Run; has: boolean; current: Tab; lines: number }) {
  const ended = run.completed_at != null
  const metrics = run.metrics
  const lost = missing(run)
  const version = run.configuration_version
  const to = (tab: Tab) => `/runs/${run.id}/${tab}`
  const output = address('/api/v1/runs/{id}/output', { id: run.id })
  const beside = (step: number) => {
    const next = besideOf(run.id, step)
    if (next) go(`/runs/${next}`)
    else toast(step > 0 ? 'This is the last run of the list.' : 'This is the first run of the list.')
  }
  const keys: Record<string, () => void> = {
    d: () => has && download(output),
    'Shift d': () => (has && run.metrics?.issues ? download(address('/api/v1/runs/{id}/annotated', { id: run.id })) : toast('This run has no issues to mark.')),
    c: () => (copy(run.id), toast('The id was copied.')),
    r: () => ended && runAgain([run.id]),
    m: () => run.status === 'succeeded' && may('admin') && (fixing.value = run),
    x: () => ended || cancelRun(run.id),
    'Shift j': () => beside(1),
    'Shift k': () => beside(-1),
    Escape: () => go(listOfRuns()),
  }
  TABS.forEach((tab, index) => (keys[String(index + 1)] = () => go(to(tab))))
  useKeys(keys)
  useAbout({
    title: run.input.name,
    main: has,
    command: { result: `ade runs show ${short(run.id)}`, log: `ade logs tail ${short(run.id)}${ended ? '' : ' -f'}`, explain: `ade explain ${short(run.id)}`, files: `ade runs show ${short(run.id)}`, compare: `ade drift ${quoted(run.input.name)} --config ${quoted(run.configuration_name)}` }[current],
    keys: {
      result: [['n p', 'issues'], ['Tab', 'other side'], ['i', 'why'], ['[ ]', 'sheets']],
      log: ended ? [['e', 'next error'], ['r', 'run again']] : [['f', 'follow'], ['e', 'next error'], ['x', 'cancel']],
      explain: [['j k', 'columns'], ['o', 'open in the sheet']],
      files: [['d', 'download the workbook']],
      compare: [['Shift J', 'next run'], ['d', 'download the workbook']],
    }[current] as [string, string][],
  })
  return (
    <>
      <TitleOf
        list="Runs"
        to={listOfRuns()}
        name={run.input.name}
        state={<StatusOf run={run} whole />}
        facts={
          <>
            <span><b>{run.configuration_name}</b> {version && <span class="mono">version {version}</span>}</span>
            {metrics && run.status === 'succeeded' && (
              <>
                <span><b>{number(metrics.rows)}</b> {metrics.rows === 1 ? 'row' : 'rows'} read</span>
                <span class={lost.length ? 'warn' : ''} title={lost.join(', ')}>
                  {fieldsOf(metrics)}
                  {lost.length > 0 && (
                    <>
                      , not found: <b>{lost.slice(0, 4).join(', ')}</b>
                      {lost.length > 4 && ` and ${lost.length - 4} more`}
                    </>
                  )}
                </span>
                <span class="roomy">{many(metrics.unmapped_columns, 'column')} without a field</span>
              </>
            )}
            {run.labels.batch && <Link to={`/runs?label=${encodeURIComponent(`batch:${run.labels.batch}`)}`}>its batch</Link>}
            {ended ? run.duration_ms != null && <b>{span(run.duration_ms)}</b> : run.started_at && <span><b>{span(Math.max(0, now.value - Date.parse(run.started_at)))}</b> so far</span>}
            {run.attempt_count > 1 && (
              <span>attempt <b>{run.attempt_count}</b> of {run.max_attempts}</span>
            )}
            <span class="roomy">{size(run.input.size_bytes)}</span>
            <span class="roomy" title={run.created_at}>{stamp(run.created_at)}</span>
            <span class="mono roomy" title={run.id}>{short(run.id)}</span>
          </>
        }
      >
        {!ended && (
          <Button icon="stop" kind="danger" aria-disabled={!!run.cancel_requested_at} needs="run" onClick={() => cancelRun(run.id)}>
            {run.cancel_requested_at ? 'Stopping…' : 'Cancel'}
          </Button>
        )}
        {ended && (
          <Button icon="again" kind="roomy" needs="run" title={`With ${run.configuration_name} as it is now`} onClick={() => runAgain([run.id])}>
            Run again
          </Button>
        )}
        {has && (
          <a class="button filled" href={output} download aria-label="Download the normalized workbook">
            <Icon name="download" />
            <span class="roomy">Normalized workbook</span>
          </a>
        )}
        {ended && (
          <Menu label="More of this run" square face={<Icon name="down" />}>
            <button type="button" {...writing()} onClick={() => runAgain([run.id])}>
              Run again, with {run.configuration_name} as it is now <kbd class="roomy">r</kbd>
            </button>
            <button type="button" {...writing()} onClick={() => runAgain([run.id], 'retry')}>
              Run again as it was, with {version ? `version ${version}` : 'the files at that time'}
            </button>
            {may('admin') && run.status === 'succeeded' && <button type="button" onClick={() => (fixing.value = run)}>Give fields its headers… <kbd class="roomy">m</kbd></button>}
            {has && (<>
              {!!metrics?.issues && <a href={address('/api/v1/runs/{id}/annotated', { id: run.id })} download>Marked copy of the sender’s file</a>}
              <a href={address('/api/v1/runs/{id}/report', { id: run.id })} target="_blank">Report</a>
              <a href={address('/api/v1/runs/{id}/artifact', { id: run.id })} download>Audit record</a>
            </>)}
          </Menu>
        )}
      </TitleOf>
      <Tabs label="Run" all={TABS} current={current} to={to} counts={{ log: lines }} />
    </>
  )
}

/** The progress of a run. */
function Stages({ run, lines }: { run: Run; lines: Line[] }) {
  const names = Object.keys(STAGES) as (keyof typeof STAGES)[]
  const at = names.indexOf(run.stage ?? (run.status === 'queued' ? 'queued' : 'detecting'))
  const progress = lines.findLast((line) => line.event === 'engine.sheet.progress')?.data as { rows?: number; total_rows?: number } | undefined
  return (
    <ol class="stages" aria-label="Progress">
      {names.map((name, index) => (
        <li key={name} class={index === at ? 'current' : ''} aria-current={index === at ? 'step' : undefined}>
          {index > at ? STAGES[name] : <Status of={index < at ? 'succeeded' : run.status}>{STAGES[name]}</Status>}
          {index === at && (
            <>
              <div>{progress?.total_rows && index > 2 ? `${number(progress.rows ?? 0)} of ${number(progress.total_rows)} rows` : doing(run)}</div>
              {progress?.total_rows && index > 2 ? <progress aria-label="Rows" max={progress.total_rows} value={progress.rows} /> : null}
            </>
          )}
        </li>
      ))}
    </ol>
  )
}

/** The reason that a run failed, with the line of code. */
function Failure({ run }: { run: Run }) {
  const error = run.error!
  const places = [error.stage && error.stage !== 'unknown' && `stage ${error.stage}`, error.callable, error.sheet && `sheet ${plainly(error.sheet)}`, error.table && `table ${error.table}`, run.exit_code ? `exit status ${run.exit_code}` : '', run.attempt_count < run.max_attempts ? `not retried, because it would fail again` : `attempt ${run.attempt_count} of ${run.max_attempts}`].filter(Boolean)
  return (
    <>
      <div class="notice small error">
        <Icon name="warning" />
        <div class="grow break">
          <strong>{plainly(bare(error.message, run.input.name))}</strong>
          <div class="mid">
            <code>{error.code}</code>
            {places.map((place) => <> · <bdi>{place}</bdi></>)}
          </div>
          {error.hint && (
            <div class="mid"><Advice text={error.hint} /></div>
          )}
        </div>
      </div>
      {error.file && error.line && <CodePlace run={run} file={error.file.replace(/^<configuration>\//, '')} line={error.line} />}
    </>
  )
}

function CodePlace({ run, file, line }: { run: Run; file: string; line: number }) {
  const path = file.split('/').map(encodeURIComponent).join('/')
  const { value } = useLoaded(async () => {
    const response = await fetch(`/api/v1/runs/${run.id}/configuration/${path}`)
    return response.ok ? (await response.text()).split('\n') : null
  }, [file])
  if (!value) return null
  const first = Math.max(1, line - 3)
  return (
    <div class="code-place" tabIndex={0} role="region" aria-label={`${file}, line ${line}`}>
      <div>
        <span />
        <span class="dim">
          {file}, as it was in the run · <Link to={`/configs/${run.configuration_id}/files?file=${encodeURIComponent(file)}&line=${line}`}>Open at line {line}</Link>
        </span>
      </div>
      {value.slice(first - 1, line + 2).map((text, index) => (
        <div key={index} class={first + index === line ? 'wrong' : ''}>
          <span>{first + index}</span>
          <span>{text}</span>
        </div>
      ))}
    </div>
  )
}
