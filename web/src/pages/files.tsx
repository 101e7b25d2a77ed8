// What a run left: files to download, and what it was made of.
import type { ComponentChildren } from 'preact'
import { address, get, type Run } from '../api/client'
import { ago, clock, day, many, plainly, short, size, span } from '../parts/format'
import { Icon, type IconName } from '../parts/icons'
import { Block, Facts, failed, Records, useLoaded, Link } from '../parts/parts'
import { issuesName, logName, reportName, saveIssues, saveLog } from '../parts/save'
import { Separator } from '../parts/separator'

const digest = (text: string) => <code title={text}>{text.slice(0, 12)}…</code>
const OTHERS: Record<string, string> = { issues: 'Issues', table: 'Table' }

export function Files({ run }: { run: Run }) {
  const { value: left } = useLoaded(() => get('/api/v1/runs/{id}/files', { id: run.id }), [run.id, run.status])
  const { value: attempts } = useLoaded(() => get('/api/v1/runs/{id}/attempts', { id: run.id }), [run.id, run.status])
  const { value: environment } = useLoaded(() => (run.environment_id ? get('/api/v1/environments/{id}', { id: run.environment_id }) : Promise.resolve(null)), [run.environment_id])
  const gone = !!run.artifacts_deleted_at
  const has = !!run.output_path && !gone
  const stem = run.input.name.replace(/\.[^.]+$/, '')
  const issues = run.metrics?.issues ?? 0
  const to = <P extends '/api/v1/runs/{id}/output' | '/api/v1/runs/{id}/annotated' | '/api/v1/runs/{id}/report' | '/api/v1/runs/{id}/artifact' | '/api/v1/runs/{id}/logs' | '/api/v1/runs/{id}/input'>(path: P) => address(path, { id: run.id })
  const all: { title: string; name: string; kind: string; what: string; values: boolean; icon: IconName; url: string; there: boolean; main?: boolean; save?: () => Promise<void> }[] = [
    { title: 'Normalized workbook', name: run.output_path?.split('/').at(-1) ?? '', kind: 'output', what: 'What you send on.', values: true, icon: 'sheet', url: to('/api/v1/runs/{id}/output'), there: has, main: true },
    { title: 'Painted copy', name: `${stem}_annotated.xlsx`, kind: 'annotated', what: `The sender’s own workbook with the cells of ${many(issues, 'issue')} marked. What you send back.`, values: true, icon: 'sheet', url: to('/api/v1/runs/{id}/annotated'), there: has && issues > 0 },
    { title: 'Report', name: reportName(run), kind: 'report', what: 'One page to print or mail; needs no network.', values: true, icon: 'page', url: to('/api/v1/runs/{id}/report'), there: has },
    { title: 'Audit record', name: `${run.id}_artifact.json`, kind: 'artifact', what: 'Every decision, score and place.', values: false, icon: 'page', url: to('/api/v1/runs/{id}/artifact'), there: has },
    { title: 'Event log', name: logName(run), kind: 'log', what: 'What happened, line by line.', values: false, icon: 'lines', url: to('/api/v1/runs/{id}/logs'), there: true, save: () => saveLog(run) },
    { title: 'Input', name: run.input.name, kind: 'input', what: 'As it was sent. Never changed.', values: true, icon: 'sheet', url: to('/api/v1/runs/{id}/input'), there: !gone },
  ]
  // What has no line of its own: tables in other shapes, the list of issues, what the code of a configuration wrote.
  const known = new Set(all.map((file) => file.kind))
  for (const one of left?.items ?? []) {
    const called = one.name.split('/').at(-1)!
    if (one.href && one.kind !== 'row_map' && !known.has(one.kind)) all.push({ title: OTHERS[one.kind] ?? called, name: one.kind === 'issues' ? issuesName(run) : one.name, save: one.kind === 'issues' ? () => saveIssues(run) : undefined, kind: one.name, what: one.kind === 'issues' ? 'A table with a line for each issue, its cell and value.' : '', values: true, icon: one.kind === 'table' ? 'sheet' : 'lines', url: one.href, there: !gone })
  }
  // The log is written anew as it is downloaded.
  const bytes = (kind: string) => (kind === 'log' ? null : kind === 'input' ? run.input.size_bytes : left?.items.find((one) => one.kind === kind || one.name === kind)?.size_bytes)
  const kept = left?.kept_until
  const last = attempts?.items.at(-1)
  return (
    <div class="split">
      <div class="pane grow scroller">
        <Records
          kind="tall"
          of="Files of this run"
          all={all.filter((file) => file.there)}
          id={(file) => file.kind}
          columns={[
            ['File', '', (file) => <div class="flow"><Icon name={file.icon} /><span class="grow"><strong>{file.title}</strong><br /><code class="dim break">{plainly(file.name)}</code></span></div>],
            ['What it is', 'mid roomy', (file) => <>{file.what} {file.values ? <span class="chip">holds cell values</span> : <span class="small dim">no cell values</span>}</>],
            ['Size', 'figure mid roomy', (file) => (bytes(file.kind) != null ? size(bytes(file.kind)!) : '')],
            ['(Download)', 'figure', (file) => (
              <a class={`button ${file.main ? 'filled' : ''}`} href={file.url} download={file.kind === 'report' ? file.name : ''} aria-label={`Download: ${file.title}`} onClick={(event) => file.save && (event.preventDefault(), file.save().catch(failed))}>
                <Icon name="download" />
                <span class="roomy">Download</span>
              </a>
            )],
          ]}
        />
        {gone && <p class="padded mid">The files of this run were collected {ago(run.artifacts_deleted_at)}. The record stays.</p>}
      </div>
      <Separator name="files" label="Width of what is said of the run" behind least={220} />
      <aside class="side" aria-label="This run" tabIndex={0}>
        <Block title="This run">
          <Facts
            all={[
              ['Id', <code>{run.id}</code>],
              ['Configuration', <><Link to={`/configs/${run.configuration_id}`}>{run.configuration_name}</Link>{run.configuration_version ? `, version ${run.configuration_version}` : ''}</>],
              ['Source digest', digest(run.source_digest)],
              run.environment_id && ['Environment', <><Link to={`/environments/${run.environment_id}`}><code>{short(run.environment_id)}</code></Link>{environment?.python_version ? `, Python ${environment.python_version}` : ''}</>],
              environment?.engine_version && ['Engine', environment.engine_version],
              ['Input SHA-256', digest(run.input.sha256)],
              last?.peak_memory_bytes != null && ['Peak memory', size(last.peak_memory_bytes)],
              last?.cpu_seconds != null && ['CPU', `${last.cpu_seconds.toFixed(2)} s`],
              ...Object.entries(run.labels).map(([key, value]): [ComponentChildren, ComponentChildren] => [key, <Link to={`/runs?label=${encodeURIComponent(`${key}:${value}`)}`}>{value}</Link>]),
              run.retry_of_run_id && ['Again of', <Link to={`/runs/${run.retry_of_run_id}`}><code>{short(run.retry_of_run_id)}</code></Link>],
            ]}
          />
        </Block>
        <Block title="Attempts">
          {attempts?.items.length ? (
            <ul class="reasons">
              {attempts.items.map((one) => (
                <li key={one.attempt}>
                  {one.attempt} of {run.max_attempts} {one.outcome ?? 'in progress'}
                  {one.completed_at && ` in ${span(Date.parse(one.completed_at) - Date.parse(one.started_at))}`}
                  <br />
                  <span class="dim">
                    {clock(one.started_at)}
                    {one.worker && `, ${one.worker}`}
                    {one.exit_code ? `, exit status ${one.exit_code}` : ''}
                  </span>
                </li>
              ))}
            </ul>
          ) : (
            <p class="mid small">
              {run.attempt_count} of {run.max_attempts}
              {run.exit_code ? `, exit status ${run.exit_code}` : ''}
            </p>
          )}
        </Block>
        {kept && (
          <Block title="Kept until">
            <p class="mid">{day(kept)}, then the files are collected. The record stays.</p>
          </Block>
        )}
      </aside>
    </div>
  )
}
