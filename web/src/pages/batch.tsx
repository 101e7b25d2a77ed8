// The runs that share a label, such as files dropped together: all their issues and their outputs.
import { address, get, type Run, workspace } from '../api/client'
import { Block, Icon, Link, listed, many, Name, number, Points, ruleText, useLoaded } from '../parts'
import { isRun, waiting } from './starts'
import { batchOf, onTheirWay } from './uploads'

/** Returns the display name of a label. */
export const nameOf = (label: string) => (label.startsWith('batch:') ? `Batch of ${label.slice(6, 25)}` : label)

const to = <P extends '' | '/archive' | '/report'>(label: string, what: P, only?: string) =>
  address(`/api/v1/workspaces/{workspace}/batches/{label}${what}` as const, { workspace: workspace.value, label, only })

/** The downloads of the batch; only ended runs have some. */
export const BatchFiles = ({ label, runs }: { label: string; runs: Run[] }) =>
  runs.some((run) => run.completed_at) && (
    <span class="flow wrap">
      {runs.some((run) => run.metrics?.issues) && <a class="button" href={to(label, '/archive', 'marked')} download><Icon name="download" /> Marked copies</a>}
      <a class="button" href={to(label, '/report')} target="_blank"><Icon name="page" /> Report</a>
      <a class="button" href={to(label, '/archive')} download><Icon name="download" /> All files</a>
    </span>
  )

export function BatchPanel({ label }: { label: string }) {
  const load = async (abort: AbortSignal) => {
    const [batch, list] = await Promise.all([
      get('/api/v1/workspaces/{workspace}/batches/{label}', { workspace: workspace.value, label }, abort),
      get('/api/v1/runs', { workspace: workspace.value, label, newest: true, limit: 1000 }, abort),
    ])
    return { batch, runs: list.items }
  }
  // Reloaded when the server records another file without a run.
  const untold = waiting.value.filter((item) => item.batch === label && !isRun(item)).length
  const { value } = useLoaded(load, [workspace.value, label, untold], ({ kind, data }) => kind === 'reset' || (kind === 'run' && Object.entries((data as Run).labels).some((item) => item.join(':') === label)))
  const runs = value?.runs ?? []
  const sent = onTheirWay().filter(({ start }) => batchOf(start) === label)
  const waits = waiting.value.filter((item) => item.batch === label && isRun(item))
  const links = (ids: string[]) => {
    const all = runs.filter((run) => ids.includes(run.id)).map((run, index) => <>{index % 4 > 0 && ', '}<Link to={`/runs/${run.id}`}><Name of={run.input.name} /></Link></>)
    return (
      <>
        {all.slice(0, 4)}
        {all.length > 4 && <details><summary>and {number(all.length - 4)} more</summary>{all.slice(4)}</details>}
      </>
    )
  }
  const names = (ids: string[]) => <><span class="dim">in {many(ids.length, 'file')}:</span> {links(ids)}</>
  const failed = runs.filter((run) => run.status === 'failed')
  const leftOut = value?.batch.left_out ?? []
  // Fields that no file lacks are reported after all runs ended.
  const isKnown = runs.some((run) => run.status === 'succeeded') && runs.every((run) => run.completed_at)
  return (
    <aside class="side" aria-label="The batch" tabIndex={0}>
      {sent.length + waits.length > 0 && (
        <Block title="On their way">
          <p class="mid small" role="status">
            {listed([sent.length && `${many(sent.length, 'file')} ${sent.length === 1 ? 'is' : 'are'} being sent`, waits.length && `${many(waits.length, 'file')} wait${waits.length === 1 ? 's' : ''} for a run`])}.{' '}
            {sent.length ? 'Keep this window open until they are sent.' : 'They are stored. You may close this window; starting continues when you open it again.'}
          </p>
          {sent.some((item) => item.state === 'failed') && <p class="bad small">Some could not be sent: <Link to="/start">try again</Link>.</p>}
        </Block>
      )}
      {failed.length > 0 && (
        <Block title={`${number(failed.length)} failed`}>
          <p class="small break">{links(failed.map((run) => run.id))}</p>
        </Block>
      )}
      <Points title={`${number(leftOut.length)} left out`} all={leftOut}>{({ name, why }) => <><Name of={name} /> <span class="dim">{why}</span></>}</Points>
      <Block title={value?.batch.fields_missing.length ? 'Not found' : isKnown && 'All fields were found'}>
        <Points all={value?.batch.fields_missing ?? []}>{({ field, run_ids }) => <><code class="warn">{field}</code> {names(run_ids)}</>}</Points>
      </Block>
      <Block title={value?.batch.issues.length ? 'Issues by rule' : isKnown && 'No issues'}>
        <Points all={value?.batch.issues ?? []}>{({ severity, rule, count, run_ids }) => <><span class={`chip ${severity}`}>{number(count)}</span> {ruleText(rule)} {names(run_ids)}</>}</Points>
      </Block>
      {!!value?.batch.superseded && <Block>{many(value.batch.superseded, 'run')} before {value.batch.superseded === 1 ? 'its file was' : 'their files were'} run again {value.batch.superseded === 1 ? 'is' : 'are'} left out.</Block>}
    </aside>
  )
}
