// Configurations: what the workspace knows, their files to read and edit, their versions, and what would change.
import { useEffect, useRef, useState } from 'preact/hooks'
import { change, changing, get, may, Problem, problemOf, workspace, type Schemas } from '../api/client'
import type { Editor } from '../editor/editor'
import { ago, clock, day, many, quoted, short, size } from '../parts/format'
import { Icon } from '../parts/icons'
import { useKeys } from '../parts/keys'
import { Dialog, failed, Loading, Status, toast, Trouble, useAbout, useLoaded } from '../parts/parts'
import { amend, go, href, query } from '../router'
import { configurations } from './start'

type Known = Schemas['ConfigurationDetails']

const uses = (one: Schemas['KnownConfiguration']) => (one.runs_use === 'version' ? `version ${one.active_version}` : one.runs_use === 'folder' ? 'its folder, as it is' : 'nothing yet')

export function Configurations() {
  const { value, error, again } = useLoaded(configurations, [workspace.value])
  const [at, setAt] = useState(0)
  const [asking, ask] = useState(false)
  const move = (step: number) => setAt(Math.max(0, Math.min((value?.length ?? 1) - 1, at + step)))
  useKeys({ j: () => move(1), k: () => move(-1), Enter: () => value?.[at] && go(`/configs/${value[at].id}`) })
  useAbout({ title: 'Configurations', command: 'ade configs ls', keys: [['j k', 'move'], ['Enter', 'open']] })
  return (
    <>
      <div class="title">
        <h1>Configurations</h1>
        <span class="say cut">what ADE knows about your columns</span>
        {may('admin') && (
          <button type="button" class="button" onClick={() => ask(true)}>
            <Icon name="plus" /> New from a template
          </button>
        )}
      </div>
      {error != null && <Trouble error={error} again={again} />}
      <div class="scroller grow">
        {!value ? (
          <Loading />
        ) : value.length ? (
          <table class="records">
            <caption class="unseen">Configurations</caption>
            <thead>
              <tr>
                <th>Name</th>
                <th>Runs use</th>
                <th class="roomy">Where</th>
                <th class="figure roomy">Last run</th>
                <th class="figure wide-only">Changed</th>
                <th class="figure roomy">Id</th>
              </tr>
            </thead>
            <tbody>
              {value.map((one, index) => (
                <tr key={one.id} class={index === at ? 'chosen' : ''} onClick={() => setAt(index)} onDblClick={() => go(`/configs/${one.id}`)}>
                  <td class="name">
                    <a href={href(`/configs/${one.id}`)}>{one.name}</a> {one.default && <span class="chip">default</span>}
                  </td>
                  <td>{one.runs_use === 'nothing' ? <Status of="queued">Draft</Status> : <Status of="ready">{uses(one)}</Status>}</td>
                  <td class="mid cut roomy">{one.uploaded ? 'uploaded' : <code>{one.path}</code>}</td>
                  <td class="figure mid roomy">{ago(one.last_run_at)}</td>
                  <td class="figure mid wide-only">{ago(one.updated_at)}</td>
                  <td class="figure id roomy">{short(one.id)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <div class="empty">
            <h2>No configurations yet</h2>
            <p class="mid">A configuration is a small Python package that says which columns are which fields. This makes one that runs as it is:</p>
            <div class="terminal">ade init crew</div>
          </div>
        )}
      </div>
      {asking && <NewConfiguration onClose={() => ask(false)} />}
    </>
  )
}

function NewConfiguration({ onClose }: { onClose: () => void }) {
  const { value } = useLoaded(() => get('/api/v1/templates'), [])
  const [wrong, setWrong] = useState('')
  const send = async (event: Event) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    try {
      const made = await change<Known>('POST', `/api/v1/workspaces/${workspace.value}/configs`, { name: form.get('name'), template: form.get('template') })
      onClose()
      go(`/configs/${made.id}`)
    } catch (error) {
      setWrong((error as Error).message)
    }
  }
  return (
    <Dialog title="New from a template" onClose={onClose}>
      <form onSubmit={send}>
        <label class="label" for="name">
          Name
        </label>
        <input class="input fill" id="name" name="name" required placeholder="crew" aria-invalid={!!wrong} aria-describedby="wrong" />
        <p class="bad small" id="wrong" role="alert">
          {wrong}
        </p>
        <label class="label" for="template">
          Template
        </label>
        <select class="input fill" id="template" name="template">
          {value?.items.map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}: {one.description}
            </option>
          ))}
        </select>
        <p class="flow gap-above">
          <button class="button filled">Create a draft</button>
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
        </p>
      </form>
    </Dialog>
  )
}

interface Checked {
  loads: boolean
  registered?: Record<string, number>
  warnings?: unknown[]
  error: { code: string; message: string; hint?: string | null; file?: string | null; line?: number | null } | null
}

const TABS = ['files', 'compare', 'versions'] as const

export function Configuration({ id, rest }: { id: string; rest: string[] }) {
  const tab = TABS.find((one) => one === rest[0]) ?? 'files'
  const known = useLoaded((abort) => get('/api/v1/configs/{config_id}', { config_id: id }, {}, abort), [id])
  const files = useLoaded((abort) => get('/api/v1/configs/{config_id}/files', { config_id: id }, {}, abort), [id])
  const versions = useLoaded((abort) => get('/api/v1/configs/{config_id}/versions', { config_id: id }, {}, abort), [id, known.value])
  const [checked, setChecked] = useState<Checked | null>(null)
  const [checking, setChecking] = useState(false)
  const [publishing, setPublishing] = useState(false)
  const one = known.value
  const again = () => (known.again(), files.again(), versions.again())
  const check = async () => {
    setChecking(true)
    try {
      const found = await change<Checked>('POST', `/api/v1/configs/${id}/check`)
      setChecked(found)
    } catch (error) {
      failed(error)
    }
    setChecking(false)
  }
  const publish = async () => {
    setPublishing(false)
    try {
      await change('POST', `/api/v1/configs/${id}/publish`)
      toast('Published. Runs use it from now on.')
      again()
    } catch (error) {
      failed(error)
    }
  }
  useKeys({ Escape: () => go('/configs') })
  useAbout({
    title: one?.name ?? 'Configuration',
    command: { files: `ade check ${quoted(one?.name ?? '')}`, compare: `ade configs show ${quoted(one?.name ?? '')}`, versions: `ade configs show ${quoted(one?.name ?? '')}` }[tab],
    keys: tab === 'files' && one?.uploaded ? [['Ctrl S', 'save and check'], ['F8', 'next message']] : [],
  })
  if (known.error && !one) return <Trouble error={known.error} again={known.again} />
  if (!one) return <Loading />
  const next = Math.max(0, ...(versions.value?.items ?? []).map((version) => version.version)) + 1
  return (
    <>
      <div class="run-title">
        <div class="grow">
          <div class="first">
            <span class="small dim roomy">
              <a class="dim" href={href('/configs')}>
                Configurations
              </a>{' '}
              /
            </span>
            <h1 class="cut">{one.name}</h1>
            {checked ? <Status of={checked.loads ? 'ready' : 'failed'}>{checked.loads ? 'Loads' : 'Does not load'}</Status> : one.runs_use === 'nothing' ? <Status of="queued">Draft</Status> : null}
          </div>
          <div class="run-facts">
            <span>
              runs use <b>{uses(one)}</b>
            </span>
            {one.changed && <span class="warn">{one.uploaded ? 'the draft' : 'the folder'} differs from it</span>}
            <span class="roomy">last run {ago(one.last_run_at)}</span>
            <span class="mono roomy" title={one.id}>
              {short(one.id)}
            </span>
          </div>
        </div>
        {may('admin') && (
          <button type="button" class="button" aria-disabled={checking} onClick={() => checking || check()}>
            <Icon name="check" /> {checking ? 'Checking…' : 'Check'}
          </button>
        )}
        {may('admin') && (
          <button type="button" class="button" onClick={() => setPublishing(true)}>
            Publish…
          </button>
        )}
        <a class="button roomy" href={href(`/start?config=${one.id}`)}>
          Run it
        </a>
      </div>
      <div class="tabs" role="tablist" aria-label="Configuration">
        {TABS.map((name) => (
          <a key={name} role="tab" href={href(`/configs/${id}/${name}`)} aria-selected={name === tab} tabIndex={name === tab ? 0 : -1}>
            {name[0].toUpperCase() + name.slice(1)}
            {name === 'files' && files.value && <span class="count">{files.value.items.length}</span>}
            {name === 'versions' && versions.value && <span class="count">{versions.value.items.length}</span>}
          </a>
        ))}
      </div>
      {tab === 'files' && <Files of={one} files={files.value} path={rest.slice(1).map(decodeURIComponent).join('/')} checked={checked} onSaved={() => (known.again(), files.again(), check())} />}
      {tab === 'compare' && <Compare of={one} versions={versions.value?.items ?? []} />}
      {tab === 'versions' && <Versions of={one} versions={versions.value?.items ?? []} onChanged={again} />}
      {publishing && (
        <Dialog
          title={`Publish version ${next}?`}
          onClose={() => setPublishing(false)}
          footer={
            <>
              <button type="button" class="button" onClick={() => setPublishing(false)}>
                Keep the {one.uploaded ? 'draft' : 'folder'}
              </button>
              <button type="button" class="button filled" onClick={publish}>
                Publish version {next}
              </button>
            </>
          }
        >
          <p>
            The {one.uploaded ? 'draft' : 'folder as it is now'} becomes a version that never changes. It is active at once{one.active_version ? `, and version ${one.active_version} is archived` : ''}. Runs that wait or run keep what they were queued with.
          </p>
        </Dialog>
      )}
    </>
  )
}

const addressOf = (id: string, path: string) => `/api/v1/configs/${id}/files/${path.split('/').map(encodeURIComponent).join('/')}`

function Files({ of, files, path, checked, onSaved }: { of: Known; files: Schemas['ConfigurationFileList'] | null; path: string; checked: Checked | null; onSaved: () => void }) {
  const holder = useRef<HTMLDivElement>(null)
  const editor = useRef<Editor | null>(null)
  const etag = useRef('')
  const [changed, setChanged] = useState(false)
  const [cursor, setCursor] = useState('')
  const [conflict, setConflict] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const items = files?.items ?? []
  const first = items.find((file) => /columns\/.*\.py$/.test(file.path)) ?? items[0]
  const current = items.find((file) => file.path === path)?.path ?? first?.path
  const writes = of.uploaded && may('admin')
  const wrongFile = checked?.error?.file?.replace(/^<configuration>\//, '')

  const save = async (force = false) => {
    if (!writes || !current || !editor.current) return
    const match: Record<string, string> = { 'If-Match': force ? '*' : etag.current }
    const response = await fetch(addressOf(of.id, current), { method: 'PUT', headers: { ...changing(), ...match, 'Content-Type': 'application/octet-stream' }, body: editor.current.text() }).catch(() => null)
    if (!response) return failed(new Problem(0, 'offline', 'The server does not answer. Your text is kept here.'))
    if (response.status === 412) return setConflict(true)
    if (!response.ok) return failed(await problemOf(response))
    etag.current = response.headers.get('etag') ?? ''
    setChanged(false)
    setConflict(false)
    onSaved()
  }
  const load = async (keep = () => true) => {
    if (!current || !holder.current) return
    setError(null)
    const [response, { open }] = await Promise.all([fetch(addressOf(of.id, current)), import('../editor/editor')])
    if (!keep()) return
    if (!response.ok) return setError(await problemOf(response))
    etag.current = response.headers.get('etag') ?? ''
    const text = await response.text()
    if (!keep() || !holder.current) return
    editor.current?.destroy()
    editor.current = open(holder.current, { name: current, text, readOnly: !writes, changed: () => setChanged(true), save: () => save(), cursor: (line, column) => setCursor(`line ${line}, column ${column}`) })
    setChanged(false)
    setConflict(false)
    const line = Number(query.peek().get('line'))
    if (line) editor.current.line(line)
    mark()
  }
  const mark = () => {
    const wrong = checked?.error
    editor.current?.show(wrong?.line && wrongFile === current ? [{ line: wrong.line, text: wrong.message, severity: 'error' }] : [])
  }
  useEffect(() => {
    let here = true
    load(() => here)
    return () => void (here = false)
  }, [current])
  useEffect(mark, [checked])
  useEffect(() => {
    const leave = (event: BeforeUnloadEvent) => changed && event.preventDefault()
    addEventListener('beforeunload', leave)
    return () => removeEventListener('beforeunload', leave)
  }, [changed])
  useKeys({ 'Ctrl s': () => save() })
  if (!files) return <Loading />
  const open = (file: string, line?: number) => go(`/configs/${of.id}/files/${file.split('/').map(encodeURIComponent).join('/')}${line ? `?line=${line}` : ''}`)
  let folder = ''
  return (
    <div class="split files-split">
      <nav class="tree" aria-label="Files">
        {items.map((file) => {
          const slash = file.path.lastIndexOf('/') + 1
          const before = folder
          folder = file.path.slice(0, slash)
          return (
            <>
              {folder && folder !== before && <span class="tree-folder">{folder}</span>}
              <a class={slash ? 'inside' : ''} href={href(`/configs/${of.id}/files/${file.path.split('/').map(encodeURIComponent).join('/')}`)} aria-current={file.path === current ? 'page' : undefined} title={`${file.path}, ${size(file.size_bytes)}`}>
                <Icon name="page" />
                <span class="cut">{file.path.slice(slash)}</span>
                {file.path === wrongFile && <span class="bad">1</span>}
              </a>
            </>
          )
        })}
      </nav>
      <div class="pane grow">
        <div class="pane-title">
          <code class="cut">{current}</code>
          {changed && <span class="chip warning">modified</span>}
          {!of.uploaded && <span class="dim">read here, written in its folder</span>}
          <span class="grow" />
          <span class="dim roomy">{cursor}</span>
          {writes && (
            <button type="button" class="button" aria-disabled={!changed} onClick={() => changed && save()}>
              Save and check
            </button>
          )}
        </div>
        {conflict && (
          <div class="notice warning" role="alert">
            <Icon name="warning" />
            <span class="grow">This file was changed elsewhere since you opened it. Your text is kept here.</span>
            <button type="button" class="button" onClick={() => load()}>
              Take theirs
            </button>
            <button type="button" class="button danger" onClick={() => save(true)}>
              Replace it by mine
            </button>
          </div>
        )}
        {error != null && <Trouble error={error} again={() => load()} />}
        <div class="editor" ref={holder} />
        {checked && (
          <div class={`notice ${checked.loads ? 'good' : 'error'}`} role="status">
            <Icon name={checked.loads ? 'check' : 'warning'} />
            <div class="grow break">
              {checked.error ? (
                <>
                  {wrongFile && (
                    <button type="button" class="button" onClick={() => (wrongFile === current && checked.error?.line ? editor.current?.line(checked.error.line) : open(wrongFile, checked.error?.line ?? undefined))}>
                      {wrongFile}
                      {checked.error.line ? `:${checked.error.line}` : ''}
                    </button>
                  )}{' '}
                  <strong>{checked.error.message}</strong> <span class="mid">{checked.error.hint}</span>
                </>
              ) : (
                <>Loads: {Object.entries(checked.registered ?? {}).map(([name, count]) => `${count} ${name.replaceAll('_', ' ')}`).join(', ')}</>
              )}
            </div>
          </div>
        )}
      </div>
    </div>
  )
}

function Compare({ of, versions }: { of: Known; versions: Schemas['Version'][] }) {
  const now = of.uploaded ? 'draft' : 'folder'
  const from = query.value.get('a') ?? (of.active_version ? 'active' : versions[0] ? String(versions[0].version) : now)
  const to = query.value.get('b') ?? now
  const { value, error, again } = useLoaded((abort) => get('/api/v1/configs/{config_id}/diff', { config_id: of.id }, { from, to }, abort), [of, from, to])
  const choices = [...(of.active_version ? [['active', `Version ${of.active_version} (active)`]] : []), ...versions.map((one) => [String(one.version), `Version ${one.version}`]), [now, of.uploaded ? 'Draft' : 'Folder, as it is now']]
  const pick = (label: string, value: string, onChange: (value: string) => void) => (
    <select class="input" aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {choices.map(([key, name]) => (
        <option key={key} value={key}>
          {name}
        </option>
      ))}
    </select>
  )
  if (!versions.length) return <p class="empty">There is one state alone. Publish a version, and this page shows what differs from it.</p>
  return (
    <>
      <div class="tools">
        {pick('From', from, (a) => amend({ a }))}
        <span aria-hidden="true">→</span>
        {pick('To', to, (b) => amend({ b }))}
        <span class="grow" />
        <span class="small dim">{value && many(value.files.length, 'file')}</span>
      </div>
      {error != null && <Trouble error={error} again={again} />}
      <div class="scroller grow">
        {!value && !error && <Loading />}
        {value?.files.length === 0 && <p class="empty">Nothing differs.</p>}
        {value?.files.map((file) => (
          <section key={file.path}>
            <div class="pane-title">
              <h2>{file.path}</h2> {file.status}
            </div>
            <div class="code-place">
              {file.patch
                ?.split('\n')
                .filter((line) => !/^(---|\+\+\+) /.test(line))
                .map((line, index) => (
                  <div key={index} class={line[0] === '+' ? 'added' : line[0] === '-' ? 'wrong' : line[0] === '@' ? 'dim' : ''}>
                    <span>{line[0] === '@' ? '' : line[0]}</span>
                    <span>{line[0] === '@' ? line : line.slice(1)}</span>
                  </div>
                )) ?? <p class="padded dim">This file is no text.</p>}
            </div>
          </section>
        ))}
      </div>
    </>
  )
}

function Versions({ of, versions, onChanged }: { of: Known; versions: Schemas['Version'][]; onChanged: () => void }) {
  const use = async (version: number) => {
    try {
      await change('POST', `/api/v1/configs/${of.id}/activate`, { version })
      onChanged()
    } catch (error) {
      failed(error)
    }
  }
  const none = async () => {
    try {
      await change('POST', `/api/v1/configs/${of.id}/deactivate`)
      onChanged()
    } catch (error) {
      failed(error)
    }
  }
  if (!versions.length) return <p class="empty">Nothing was published yet. {of.uploaded ? 'Runs need a published version.' : 'Runs use the folder as it is.'}</p>
  return (
    <div class="scroller grow">
      <table class="records">
        <caption class="unseen">Published versions</caption>
        <thead>
          <tr>
            <th>Version</th>
            <th>Status</th>
            <th class="roomy">Published</th>
            <th class="roomy">Digest</th>
            <th>
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {versions.map((one) => (
            <tr key={one.version}>
              <td class="name">
                <a href={href(`/configs/${of.id}/compare?a=${one.version}`)}>Version {one.version}</a>
              </td>
              <td>
                <Status of={one.status === 'active' ? 'ready' : 'cancelled'}>{one.status === 'active' ? 'Active' : 'Archived'}</Status>
              </td>
              <td class="mid roomy" title={one.published_at}>
                {day(one.published_at)} {clock(one.published_at).slice(0, 5)}
              </td>
              <td class="id roomy">{one.source_digest.slice(0, 12)}</td>
              <td class="figure">
                {may('admin') &&
                  (one.status === 'active' ? (
                    <button type="button" class="button" onClick={none}>
                      End its use
                    </button>
                  ) : (
                    <button type="button" class="button" onClick={() => use(one.version)}>
                      Use this version
                    </button>
                  ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
