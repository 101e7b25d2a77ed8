// The published versions of a configuration, and which one runs use.
import { writing, may } from '../api/client'
import { ago, Button, CopyButton, failed, Icon, Link, many, Records, stamp, Status, toast } from '../parts'
import { runAgain } from './starts'
import { go, query } from '../router'
import type { Bench } from './configs-bench'
import { listOfRuns } from './runs'

export function Versions({ bench }: { bench: Bench }) {
  const known = bench.known.value!
  const versions = [...(bench.versions.value ?? [])].sort((a, b) => b.version - a.version)
  const activate = (version: number) => bench.act('POST', 'activate', { version }).then(() => toast(`Runs of ${known.name} use version ${version}.`), failed)
  if (!versions.length)
    return (
      <div class="empty">
        <h2>No version yet</h2>
        <p class="mid">Publishing freezes the files as version 1, which runs use from then on.</p>
        <Link class="button" to={`/configs/${bench.id}/compare`}><Icon name="panes" /> Publish…</Link>
      </div>
    )
  const tried = query.value.get('runs')?.split(',')
  return (
    <div class="scroller grow" tabIndex={0} role="region" aria-label="Versions">
      {tried && (
        <div class="notice">
          <span class="grow">The changes were for {many(tried.length, 'run')}.</span>
          <Button {...writing()} onClick={() => (runAgain(tried), tried.length > 1 && go(listOfRuns()))}>Run {tried.length > 1 ? `these ${tried.length}` : 'it'} again</Button>
        </div>
      )}
      <Records
        kind="versions"
        of="Versions, newest first"
        all={versions}
        id={(one) => one.version}
        line={(one) => ({ class: one.status === 'active' ? 'chosen' : '' })}
        columns={[
          ['Version', 'name', (one) => <Link to={`/configs/${bench.id}/files?version=${one.version}`}>Version {one.version}</Link>],
          ['Status', '', (one) => (one.status === 'active' ? <Status of="plain">Active</Status> : <Status of="cancelled">Archived</Status>)],
          ['Published', 'figure mid roomy', (one) => <>{stamp(one.published_at)} <span class="dim wide-only">· {ago(one.published_at)}</span></>, (one) => one.published_at],
          ['Digest', 'mono dim roomy digest', (one) => <>{one.source_digest.slice(0, 8)} <CopyButton text={one.source_digest} label="Copy the digest" /></>, (one) => one.source_digest],
          ['(Actions)', 'figure', (one) => (
            <>
              <Link class="button quiet roomy" to={`/configs/${bench.id}/compare?a=${one.version}&b=${bench.side}`}>Compare</Link>
              {may('admin') && one.status !== 'active' && <Button {...writing('admin')} onClick={() => activate(one.version)}>Activate</Button>}
            </>
          )],
        ]}
      />
      <p class="padded small dim">Published files never change. Runs that wait or run keep the version they were queued with, whatever is active.</p>
    </div>
  )
}
