// The state of the queue: waiting runs, the work of each worker, ended runs.
import { useMemo, } from 'preact/hooks'
import { get, type Schemas, workspace } from '../api/client'
import { counts, link } from '../api/events'
import { cancelRun } from '../parts/frame'
import { ago, Button, clock, Figures, Link, List, many, now, number, Records, Segments, short, span, Status, Title, useAbout, useEvery, useLoaded } from '../parts'
import { amend, query } from '../router'

const WINDOWS = { '300': '5 min', '3600': '1 h', '86400': '24 h' } as const
type Window = keyof typeof WINDOWS

function reason({ waits_for, available_at }: Schemas['QueuedRun']): string {
  if (waits_for === 'environment') return 'Waits for its environment'
  if (waits_for === 'pause') return 'Paused'
  if (waits_for === 'limit') return 'Waits for another run of its configuration'
  const wait = Date.parse(available_at) - now.value
  return waits_for === 'retry' && wait > 0 ? `Tries again in ${span(wait)}` : 'Waits for a free slot'
}

export function Workers() {
  const asked = query.value.get('window') as Window
  const window: Window = asked in WINDOWS ? asked : '300'
  const { value: found, error, again } = useLoaded(
    (abort) => Promise.all([get('/api/v1/stats', { workspace: workspace.value, window }, abort), get('/api/v1/workers', {}, abort), get('/api/v1/queue', { workspace: workspace.value, limit: 100 }, abort)]),
    [workspace.value, window],
    ({ kind }) => kind === 'run' || kind === 'counts',
  )
  useEvery(5000, again, true)
  useAbout({ title: 'Workers and queue', command: 'ade top', keys: [['g r', 'runs']] })
  const [stats, workers, queue] = [found?.[0] ?? null, found?.[1].items, found?.[2].items ?? []]
  const ended = stats?.ended
  const live = counts.value
  const works = (worker: Schemas['ShownWorker']) => [
    ...worker.running.map((run) => ({ worker, run, id: run.run_id, name: run.configuration_name, until: run.lease_expires_at })),
    ...worker.building.map((item) => ({ worker, run: null, id: item.environment_id, name: item.configuration_name, until: item.lease_expires_at })),
  ]
  const busy = workers?.flatMap(works).sort((a, b) => Number(!a.run) - Number(!b.run)) ?? []
  return (
    <>
      <Title of="Workers and queue" say={workers ? (workers.length ? [...new Set(workers.map((worker) => worker.host ?? 'this machine'))].join(', ') : 'no worker') : ''}>
        <Segments label="Window" value={window} onChange={(window) => amend({ window })} all={Object.entries(WINDOWS) as [Window, string][]} />
      </Title>
      <Figures
        label="The work now"
        all={[
          ['Queued', <>{number(live?.queued ?? stats?.queue.queued ?? 0)} <small>of {stats?.queue.size ?? '–'}</small></>, stats?.queue.oldest_wait_ms != null ? `oldest waits ${span(stats.queue.oldest_wait_ms)}` : 'nothing waits'],
          ['Running', <>{number(live?.running ?? stats?.queue.running ?? 0)} <small>of {many(stats?.slots.all ?? 0, 'slot')}</small></>, many(workers?.length ?? 0, 'worker')],
          [`Ended, ${WINDOWS[window]}`, number(ended ? ended.succeeded + ended.failed + ended.cancelled : 0), ended && `${ended.succeeded} ok, ${ended.failed} failed, ${ended.cancelled} cancelled`],
          ['Wait, median', stats?.waits ? span(stats.waits.median_ms) : '–', stats?.waits ? `95% within ${span(stats.waits.p95_ms)}` : 'none ended', 'wide-only'],
        ]}
      >
        <Bars stats={stats} />
      </Figures>
      <List of="Workers and queue" there={!!workers} error={error}>
        {workers?.length === 0 && (
          <div class="notice small warning" role="status">
            No worker is running: runs wait until one is started on the server.
          </div>
        )}
        {workers?.map((worker) => (
          <div class="pane-title mid" key={worker.id}>
            <h2>{worker.name ?? (worker.host ? `${worker.host}:${worker.pid}` : short(worker.id))}</h2>
            <span class="cut">
              {many(worker.slots, 'slot')}, {worker.running.length} busy, started {ago(worker.started_at)}, seen {ago(worker.seen_at)}
            </span>
          </div>
        ))}
        {busy.length > 0 && (
          <Records
            of="What workers do"
            all={busy}
            id={(item) => item.id}
            columns={[
              ['Status', '', ({ run }) => (run ? <Status of="running">Running</Status> : <Status of="building">Building</Status>)],
              ['What', 'name cut', ({ run, id }) => (run ? <Link to={`/runs/${id}`}>{run.input_name}</Link> : <Link to={`/environments/${id}`}>environment {short(id)}</Link>)],
              ['Configuration', 'mid roomy', ({ name }) => name],
              ['Attempt', 'figure roomy', ({ run }) => run?.attempt],
              ['For', 'figure', ({ run }) => run && span(Math.max(0, now.value - Date.parse(run.since)))],
              ['Lease', 'wide-only', ({ until, worker }) => until && <Lease until={until} of={worker.lease_seconds} />],
              ['(Actions)', 'figure', ({ run, id }) => run && <Button kind="danger" needs="run" onClick={() => cancelRun(id)}>Cancel</Button>],
            ]}
          />
        )}
        <div class="pane-title mid">
          <h2>Queue</h2>
          <span>{queue.length ? 'in the order in which they will be taken' : 'nothing waits'}</span>
        </div>
        {queue.length > 0 && (
          <Records
            of="Waiting runs"
            all={queue}
            id={({ run }) => run.id}
            columns={[
              ['#', 'figure dim', ({ position }) => position],
              ['Input', 'name cut', ({ run }) => <Link to={`/runs/${run.id}`}>{run.input.name}</Link>],
              ['Configuration', 'mid roomy', ({ run }) => run.configuration_name],
              ['Waits', 'mid small', reason],
              ['For', 'figure', ({ run }) => span(Math.max(0, now.value - Date.parse(run.created_at)))],
              ['Id', 'figure id roomy', ({ run }) => short(run.id)],
            ]}
          />
        )}
      </List>
    </>
  )
}

function Lease({ until, of }: { until: string; of: number }) {
  const left = Math.max(0, Date.parse(until) - now.value)
  return (
    <span class="doing dim">
      <progress class="other" max={of * 1000} value={left} aria-label="Lease" />
      {span(left)}
    </span>
  )
}

function Bars({ stats }: { stats: Schemas['Stats'] | null }) {
  const parts = stats?.ended.parts ?? []
  const highest = Math.max(1, ...parts.map((part) => part.succeeded + part.failed + part.cancelled))
  const width = 600 / Math.max(parts.length, 1)
  const first = parts[0]?.from
  const step = parts[1] ? (Date.parse(parts[1].from) - Date.parse(parts[0].from)) / 1000 : 0
  const ended = stats?.ended
  const name = ended ? `Runs ended: ${ended.succeeded} succeeded, ${ended.failed} failed, ${ended.cancelled} cancelled` : 'Runs ended'
  const bar = useMemo(
    () =>
      parts.map((part, index) => {
        const good = (38 * (part.succeeded + part.cancelled)) / highest
        const bad = (38 * part.failed) / highest
        const x = (index + 0.15) * width
        return (
          <>
            {good > 0 && <rect class="succeeded" x={x} y={43 - good} width={width * 0.7} height={good} />}
            {bad > 0 && <rect class="failed" x={x} y={43 - good - bad} width={width * 0.7} height={bad} />}
          </>
        )
      }),
    [stats],
  )
  return (
    <div class="plot dim">
      <div>
        <span>Runs ended{step ? `, ${span(step * 1000).replace('.0', '').replace(' 0 s', '')} a bar` : ''}</span>
        <span class="wide-only"><span class="key">succeeded</span> <span class="key failed">failed</span></span>
      </div>
      <svg viewBox="0 0 600 44" preserveAspectRatio="none" role="img" aria-label={name}>
        <path class="axis" d="M0 43.500H600" />
        {bar}
      </svg>
      <div>
        <span>{first ? clock(first).slice(0, 5) : ''}</span>
        <span>{link.value.live ? 'now' : stats ? clock(stats.at) : ''}</span>
      </div>
    </div>
  )
}
