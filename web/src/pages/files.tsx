// The outputs of a run as downloads, and its sources.
import type { ComponentChildren } from 'preact'
import { address, type Run } from '../api/client'
import { ago, Block, clock, day, Facts, failed, Icon, type IconName, Link, listed, many, plainly, Points, Records, Separator, short, size, span, useGot } from '../parts'
import { issuesName, logName, reportName, saveIssues, saveLog } from '../parts/save'

const digest = (text: string) => <code title={text}>{text.slice(0, 12)}…</code>

/** A downloadable file of a run. `url` is its address; `save` creates files that exist only here. */
interface Listed {
  kind: string
  title: string
  name: string
  what: string
  icon: IconName
  there: boolean
  url?: string
  save?: (run: Run) => Promise<void>
}

export function Files({ run }: { run: Run }) {
  const { value: left } = useGot('/api/v1/runs/{id}/files', { id: run.id }, [run.status])
  const { value: attempts } = useGot('/api/v1/runs/{id}/attempts', { id: run.id }, [run.status])
  const { value: environment } = useGot(!!run.environment_id && '/api/v1/environments/{id}', { id: run.environment_id })
  const gone = !!run.artifacts_deleted_at
  const has = !!run.output_path && !gone
  const stem = run.input.name.replace(/\.[^.]+$/, '')
  const issues = run.metrics?.issues ?? 0
  const all: Listed[] = [
    { kind: 'output', title: 'Normalized workbook', name: run.output_path?.split('/').at(-1) ?? '', what: 'What you send on.', icon: 'sheet', there: has },
    { kind: 'annotated', title: 'Marked copy', name: `${stem}_annotated.xlsx`, what: `The sender’s own workbook with the cells of ${many(issues, 'issue')} marked. What you send back.`, icon: 'sheet', there: has && issues > 0 },
    { kind: 'report', title: 'Report', name: reportName(run), what: 'One page to print or mail; needs no network.', icon: 'page', there: has },
    { kind: 'artifact', title: 'Audit record', name: `${run.id}_artifact.json`, what: 'Every decision, score and position.', icon: 'page', there: has },
    { kind: 'logs', title: 'Event log', name: logName(run), what: 'What happened, line by line.', icon: 'lines', there: true, save: saveLog },
    { kind: 'input', title: 'Input', name: run.input.name, what: 'As it was sent. Never changed.', icon: 'sheet', there: !gone },
  ]
  const own = new Set(['row_map', 'log', ...all.map((file) => file.kind)])
  // Files without their own line: tables in other formats, the list of issues, files from the configuration's code.
  for (const { kind, name, href } of left?.items ?? []) {
    if (!href || own.has(kind)) continue
    if (kind === 'issues') all.push({ kind: name, title: 'Issues', name: issuesName(run), what: 'A table with a line for each issue, its cell and value.', icon: 'lines', there: !gone, url: href, save: saveIssues })
    else all.push({ kind: name, title: kind === 'table' ? 'Table' : name.split('/').at(-1)!, name, what: '', icon: kind === 'table' ? 'sheet' : 'lines', there: !gone, url: href })
  }
  // The log is written when it is downloaded.
  const bytes = (kind: string) => (kind === 'input' ? run.input.size_bytes : left?.items.find((item) => item.kind === kind || item.name === kind)?.size_bytes)
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
            ['What it is', 'mid roomy', (file) => <>{file.what} {!/^(artifact|logs)$/.test(file.kind) ? <span class="chip">holds cell values</span> : <span class="small dim">no cell values</span>}</>],
            ['Size', 'figure mid roomy', (file) => (bytes(file.kind) != null ? size(bytes(file.kind)!) : '')],
            ['(Download)', 'figure', (file) => (
              <a class={`button ${file.kind === 'output' ? 'filled' : ''}`} href={file.url ?? address(`/api/v1/runs/{id}/${file.kind as 'output'}`, { id: run.id })} download={file.kind === 'report' ? file.name : ''} aria-label={`Download: ${file.title}`} onClick={(event) => file.save && (event.preventDefault(), file.save(run).catch(failed))}>
                <Icon name="download" />
                <span class="roomy">Download</span>
              </a>
            )],
          ]}
        />
        {gone && <p class="padded mid">The files of this run were deleted {ago(run.artifacts_deleted_at)}. The record stays.</p>}
      </div>
      <Separator name="files" label="Width of what is said of the run" behind least={220} />
      <aside class="side" aria-label="This run" tabIndex={0}>
        <Block title="This run">
          <Facts
            all={[
              ['Id', <code>{run.id}</code>],
              ['Configuration', <><Link to={`/configs/${run.configuration_id}`}>{run.configuration_name}</Link>{run.configuration_version ? `, version ${run.configuration_version}` : ''}</>],
              ['Configuration (SHA-256)', digest(run.source_digest)],
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
            <Points all={attempts.items}>
              {(attempt) => (
                <>
                  {attempt.attempt} of {run.max_attempts} {attempt.outcome ?? 'in progress'}
                  {attempt.completed_at && ` in ${span(Date.parse(attempt.completed_at) - Date.parse(attempt.started_at))}`}
                  <br />
                  <span class="dim">{listed([clock(attempt.started_at), attempt.worker, attempt.exit_code && `exit status ${attempt.exit_code}`])}</span>
                </>
              )}
            </Points>
          ) : (
            <p class="mid small">
              {listed([`${run.attempt_count} of ${run.max_attempts}`, run.exit_code && `exit status ${run.exit_code}`])}
            </p>
          )}
        </Block>
        {kept && (
          <Block title="Kept until">
            <p class="mid">{day(kept)}, then the files are deleted. The record stays.</p>
          </Block>
        )}
      </aside>
    </div>
  )
}
