// One configuration: its state and its tabs.
import { useEffect, useRef } from 'preact/hooks'
import { change, get, may, session } from '../api/client'
import { ago, Button, CopyButton, failed, Icon, Link, Loading, many, NoSuch, Nothing, quoted, Records, stamp, Status, Tabs, TitleOf, toast, Trouble, useAbout, useGot, useKeys } from '../parts'
import { Menu } from '../parts/frame'
import { go, href, query } from '../router'
import { archiveType, benchOf, raw, type Bench, type Checking } from './configs-bench'
import { Compare } from './configs-compare'
import { Files } from './configs-files'
import { fixing } from './fix'
import { configurations } from './start'
import { listOfRuns } from './runs'
import { runAgain } from './starts'

const TABS = ['files', 'compare', 'versions'] as const
type Tab = (typeof TABS)[number]

export function Configuration({ id, rest }: { id: string; rest: string[] }) {
  const bench = benchOf(id)
  const tab: Tab = TABS.includes(rest[0] as Tab) ? (rest[0] as Tab) : 'files'
  useEffect(() => {
    bench.load()
    const look = () => document.hidden || bench.saving.peek() || bench.refresh().catch(() => {})
    addEventListener('focus', look)
    addEventListener('visibilitychange', look)
    return () => (removeEventListener('focus', look), removeEventListener('visibilitychange', look), bench.rest())
  }, [id])
  if ((bench.error.value as { status?: number } | null)?.status === 404 && !bench.known.value) return <NoSuch what="configuration" to={href('/configs')} list="All configurations" />
  if (bench.error.value && !bench.known.value) return <Trouble error={bench.error.value} again={() => bench.load()} />
  if (!bench.known.value || !bench.files.value) return <Loading />
  return (
    <>
      <Head bench={bench} current={tab} />
      {bench.error.value != null && <Trouble error={bench.error.value} again={() => bench.load()} />}
      {tab === 'files' && <Files bench={bench} />}
      {tab === 'compare' && <Compare bench={bench} />}
      {tab === 'versions' && <Versions bench={bench} />}
    </>
  )
}

/** Returns whether this session may change the files here, or why not. */
export function whyNot(bench: Bench): string | null {
  if (!may('admin')) return 'This session may not change configurations.'
  if (!bench.known.value?.uploaded && !session.value?.edits_folders) return 'This is a folder on the server: edit its files there.'
  return null
}

/** Copies a folder that is not edited here to a draft, unless one exists; returns its id. */
export async function copyToDraft({ id, known }: Bench): Promise<string> {
  const { workspace_id, name } = known.peek()!
  const draft = `${name} draft`
  const before = (await configurations()).find((known) => known.uploaded && known.name === draft)
  const made = before ?? (await change<{ id: string }>('POST', `/api/v1/workspaces/${encodeURIComponent(workspace_id)}/configs`, { name: draft, copy_of: id }))
  toast(before ? `${draft} was made before, and may have other files than ${name} has now.` : `${draft} has the files of ${name}.`)
  return made.id
}

/** Saves all changes and runs a check. */
export async function saveAndCheck(bench: Bench) {
  try {
    if (await bench.save()) await bench.runCheck()
    else go(`/configs/${bench.id}/compare`)
  } catch (error) {
    failed(error)
  }
}

/** The progress of a running check. */
export const HowFar = ({ of }: { of: Checking }) => (
  <>
    {of.state === 'checking' && <Status of="running">Checking…</Status>}
    {of.state === 'waits' && <Link to="/environments"><Status of="building">Its environment is built first</Status></Link>}
    {of.state === 'failed' && <Status of="warned">Not checked</Status>}
  </>
)

/** The state of the draft, shown like a status. */
function Verdict({ bench }: { bench: Bench }) {
  const side = bench.known.value!.uploaded ? 'Draft' : 'Folder'
  const checking = bench.checking.value
  if (/checking|waits|failed/.test(checking.state)) return <HowFar of={checking} />
  if (checking.state === 'done') {
    if (bench.edits.value.size) return <Status of="queued">Changed since it was checked</Status>
    return checking.check.loads ? <Status of="succeeded">{side} loads</Status> : <Status of="failed">{side} does not load</Status>
  }
  const known = bench.known.value!
  return <Status of={known.active_version || !known.uploaded ? 'plain' : 'queued'}>{known.active_version ? 'Active' : side}</Status>
}

function Head({ bench, current }: { bench: Bench; current: Tab }) {
  const known = bench.known.value!
  const to = (tab: Tab) => `/configs/${bench.id}/${tab}`
  const why = whyNot(bench)
  const check = bench.check.value
  const unsaved = bench.edits.value.size
  const { value: counted } = useGot(
    '/api/v1/runs',
    { configuration: bench.id, workspace: known.workspace_id, limit: 1, counts: true, since: midnight() },
    [],
    (event) => event.kind === 'run' && event.data.configuration_id === bench.id && event.data.status === 'queued',
  )
  const checkNow = () => (may('admin') ? saveAndCheck(bench) : failed(new Error('This session may not check configurations.')))
  const keys: Record<string, () => void> = { 'Ctrl s': checkNow, Escape: () => go('/configs') }
  TABS.forEach((tab, at) => (keys[String(at + 1)] = () => go(to(tab))))
  useKeys(keys)
  useAbout({
    title: known.name,
    // The command checks only folders.
    command: current === 'files' && !known.uploaded ? `ade check ${quoted(known.path.split('/').at(-1)!)}` : `ade configs show ${quoted(known.name)}`,
    main: current !== 'versions' && may('admin'),
    keys: {
      files: [...(may('admin') ? [['Ctrl S', why ? 'check' : 'save and check'], ['F8', 'next message']] : []), ['Ctrl P', 'go to a file']],
      compare: [['n p', 'changes'], ...(may('admin') ? [['Ctrl S', 'check']] : [])],
      versions: [['1 – 3', 'tabs']],
    }[current] as [string, string][],
  })
  const differ = bench.changed.value.size
  const versions = bench.versions.value?.length ?? 0
  const today = counted?.counts
  const ran = today ? today.queued + today.running + today.succeeded + today.failed + today.cancelled : 0
  return (
    <>
      <TitleOf
        kind="config-title"
        list="Configurations"
        to="/configs"
        name={known.name}
        state={<>{known.default && <span class="chip">default</span>} <Verdict bench={bench} /></>}
        facts={
          <>
            {known.version ? (
              <span>version <b>{known.version.version}</b> is active</span>
            ) : (
              <span>{known.uploaded ? 'no version is active: runs are refused' : 'runs use the folder as it is'}</span>
            )}
            {known.version && (differ > 0 || !unsaved) && (
              <span>
                {differ ? (
                  <>
                    {bench.side} of version <b>{versions + 1}</b>, {many(differ, 'file')} changed
                  </>
                ) : (
                  `the ${bench.side} is the same`
                )}
              </span>
            )}
            {unsaved > 0 && <span class="warn">{many(unsaved, 'file')} not saved</span>}
            <span class="roomy">
              <Link to={`/runs?config=${encodeURIComponent(known.name)}`}>{many(ran, 'run')} today</Link>
            </span>
            {check && (
              <span class="roomy">
                environment{' '}
                <Link class="mono" to={`/environments/${check.environment_id}`}>
                  {check.environment_id.slice(-6)}
                </Link>
              </span>
            )}
          </>
        }
      >
        {may('admin') && (
          <Button icon="check" aria-disabled={bench.saving.value} needs="admin" onClick={checkNow}>
            {unsaved ? 'Save, check' : 'Check'} <kbd class="wide-only">Ctrl S</kbd>
          </Button>
        )}
        {may('admin') && why && <Button needs="admin" onClick={() => copyToDraft(bench).then((id) => go(`/configs/${id}`), failed)}>Copy to a draft</Button>}
        {current !== 'compare' && may('admin') && (
          <Link icon="panes" class={`button filled ${known.changed === false && !unsaved ? 'quieter' : ''}`} to={to('compare')}>
            Publish…
          </Link>
        )}
        {may('admin') && <More bench={bench} />}
      </TitleOf>
      <Tabs label="Configuration" all={TABS} current={current} to={to} counts={{ files: bench.files.value!.length, compare: differ, versions }}>
        <Link role="tab" aria-selected={false} tabIndex={-1} to={`/runs?config=${encodeURIComponent(known.name)}&since=all`}>
          Runs
        </Link>
      </Tabs>
    </>
  )
}

const midnight = () => new Date(new Date().setHours(0, 0, 0, 0)).toISOString()

/** Rarely used actions. */
function More({ bench }: { bench: Bench }) {
  const known = bench.known.value!
  const picker = useRef<HTMLInputElement>(null)
  const act = (done: string, ...what: Parameters<Bench['act']>) => bench.act(...what).then(() => toast(done), failed)
  const mend = () => get('/api/v1/runs', { configuration: bench.id, status: 'succeeded', limit: 1 }).then(({ items: [run] }) => (run ? (fixing.value = run) : toast('No run of it has succeeded yet.')), failed)
  const replace = async (file: File) => {
    try {
      await raw(`/api/v1/configs/${bench.id}/draft`, 'PUT', file, { 'Content-Type': archiveType(file.name), 'If-Match': bench.digest ? `"${bench.digest}"` : '*' })
      bench.forget()
      await bench.load()
      toast(`The draft has the files of ${file.name}.`)
      await bench.runCheck()
    } catch (error) {
      failed(error)
    }
  }
  return (
    <>
      <Menu label="More" square face={<Icon name="down" />}>
        <Link to={`/start?config=${bench.id}`}>Start a run with it</Link>
        <button type="button" onClick={mend}>Headers of its last run…</button>
        {known.default ? (
          <button type="button" onClick={() => act(`${known.name} is not the default any more.`, { default: false })}>
            Not the default any more
          </button>
        ) : (
          <button type="button" onClick={() => act(`Runs that name no configuration use ${known.name}.`, { default: true })}>
            Make it the default
          </button>
        )}
        {known.active_version != null && (
          <button type="button" onClick={() => act(known.uploaded ? `No version of ${known.name} is active: its runs are refused.` : `Runs of ${known.name} use the folder as it is.`, { active_version: null })}>
            Deactivate version {known.active_version}
          </button>
        )}
        {known.uploaded && (
          <button type="button" onClick={() => picker.current?.click()}>Replace the draft by an archive…</button>
        )}
      </Menu>
      <input ref={picker} type="file" hidden accept=".zip,.gz,.tgz" aria-label="Archive" onChange={(event) => event.currentTarget.files?.[0] && replace(event.currentTarget.files[0])} />
    </>
  )
}

/** The published versions, and the one that runs use. */
function Versions({ bench }: { bench: Bench }) {
  const known = bench.known.value!
  const versions = [...(bench.versions.value ?? [])].sort((a, b) => b.version - a.version)
  const activate = (version: number) => bench.act({ active_version: version }).then(() => toast(`Runs of ${known.name} use version ${version}.`), failed)
  if (!versions.length)
    return (
      <Nothing title="No version yet">
        Publishing freezes the files as version 1, which runs use from then on. <Link icon="panes" class="button" to={`/configs/${bench.id}/compare`}>Publish…</Link>
      </Nothing>
    )
  const tried = query.value.get('runs')?.split(',')
  return (
    <div class="scroller grow" tabIndex={0} role="region" aria-label="Versions">
      {tried && (
        <div class="notice small">
          <span class="grow">The changes were for {many(tried.length, 'run')}.</span>
          <Button needs="run" onClick={() => (runAgain(tried), tried.length > 1 && go(listOfRuns()))}>Run {tried.length > 1 ? `these ${tried.length}` : 'it'} again</Button>
        </div>
      )}
      <Records
        kind="versions"
        of="Versions, newest first"
        all={versions}
        id={(version) => version.version}
        line={(version) => ({ class: version.status === 'active' ? 'chosen' : '' })}
        columns={[
          ['Version', 'name', (version) => <Link to={`/configs/${bench.id}/files?version=${version.version}`}>Version {version.version}</Link>],
          ['Status', '', (version) => (version.status === 'active' ? <Status of="plain">Active</Status> : <Status of="cancelled">Archived</Status>)],
          ['Published', 'figure mid roomy', (version) => <>{stamp(version.published_at)} <span class="dim wide-only">· {ago(version.published_at)}</span></>, (version) => version.published_at],
          ['Digest', 'mono dim roomy digest', (version) => <>{version.source_digest.slice(0, 8)} <CopyButton text={version.source_digest} label="Copy the digest" /></>, (version) => version.source_digest],
          ['(Actions)', 'figure', (version) => (
            <>
              <Link class="button quiet roomy" to={`/configs/${bench.id}/compare?a=${version.version}&b=${bench.side}`}>Compare</Link>
              {may('admin') && version.status !== 'active' && <Button needs="admin" onClick={() => activate(version.version)}>Activate</Button>}
            </>
          )],
        ]}
      />
      <p class="padded small dim">Published files never change. Waiting and running runs keep the version they were queued with, whatever is active.</p>
    </div>
  )
}
