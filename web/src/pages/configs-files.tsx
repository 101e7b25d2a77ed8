// The files of a configuration: the tree, the editor, and the messages of the check.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Editor } from '../editor/editor'
import { hear } from '../api/events'
import { Advice, Ask, AskForm, Button, Choice, Dialog, Entry, failed, Icon, Link, many, number, Separator, size, span, Status, Trouble, useGot, useKeys } from '../parts'
import { Menu } from '../parts/frame'
import { Finder } from '../parts/palette'
import { amend, path as address, query } from '../router'
import { fileUrl, textOf, type Bench } from './configs-bench'
import { said } from './configs-words'
import { HowFar, saveAndCheck, whyNot } from './configs-one'
import { first, rowsOf } from './configs-tree'
import { may } from '../api/client'

export function Files({ bench }: { bench: Bench }) {
  const version = query.value.get('version')
  const { value: frozen, error } = useGot(!!version && '/api/v1/configs/{config_id}/versions/{version}/files', { config_id: bench.id, version })
  const [asking, ask] = useState<'go' | 'new' | 'delete' | null>(null)
  const listed = version ? (frozen?.items ?? []) : bench.files.value!
  const unsaved = version ? [] : [...bench.edits.value.keys()]
  const paths = [...new Set([...listed.map((file) => file.path), ...unsaved])].sort()
  const wanted = query.value.get('file')
  const path = wanted && paths.includes(wanted) ? wanted : first(paths)
  const line = Number(query.value.get('line')) || 0
  const why = version ? `Version ${version} never changes.` : whyNot(bench)
  // Choosing the same line twice must move there again.
  const [jumps, jump] = useState(0)
  const open = (file: string, line?: number) => {
    amend({ file, line: line ? String(line) : null })
    jump((jumps) => jumps + 1)
  }

  const messages = version ? [] : bench.messages.value
  useKeys({
    'Ctrl p': () => ask('go'),
    F8: () => {
      if (!messages.length) return
      const at = messages.findIndex((message) => message.file === path && message.line === line)
      const next = messages[(at + 1) % messages.length]
      open(next.file, next.line)
    },
  })
  // The first check runs automatically; after a folder was saved elsewhere, a check runs on request.
  useEffect(() => {
    if (!version && may('admin') && bench.checking.peek().state === 'none' && bench.files.peek()!.length) bench.runCheck()
  }, [bench])
  useEffect(() => hear((told) => told.some((item) => item.kind === 'environment') && bench.checking.peek().state === 'waits' && bench.runCheck()), [bench])
  if (error) return <Trouble error={error} />
  return (
    <>
      {version && (
        <div class="notice small">
          <Icon name="page" />
          <span class="grow">These are the files of <strong>version {version}</strong>, read only.</span>
          <Link class="button" to={`/configs/${bench.id}/compare?a=${version}&b=${bench.side}`}>Compare</Link>
          <Link class="button" to={`/configs/${bench.id}/files${path ? `?file=${encodeURIComponent(path)}` : ''}`}>
            Back to the {bench.side}
          </Link>
        </div>
      )}
      <div class="split config-files">
        <nav class="pane tree-pane wide-only" aria-label="Files">
          <div class="pane-title mid">
            <h2>Files</h2>
            <span class="grow" />
            {!why && <Button icon="plus" kind="quiet square" aria-label="New file" title="New file" onClick={() => ask('new')} />}
          </div>
          <Tree paths={paths} current={path} bench={version ? null : bench} onOpen={open} />
        </nav>
        <Separator name="tree" label="Width of the files" least={120} />
        <section class="pane grow" aria-label="Editor">
          {path ? (
            <OneFile key={`${path} ${version ?? ''} ${bench.turns.value}`} bench={bench} path={path} paths={paths} version={version} line={line} jumps={jumps} why={why} onOpen={open} ask={ask} />
          ) : (
            <div class="empty">
              <h2>No files yet</h2>
              <p class="mid">{why ?? 'Make a file, or replace the draft by an archive.'}</p>
              {!why && <Button onClick={() => ask('new')}>New file</Button>}
            </div>
          )}
          {!version && <CheckPane bench={bench} onOpen={open} />}
        </section>
      </div>
      {asking === 'go' && <GoTo paths={paths} onClose={() => ask(null)} onOpen={(file) => (ask(null), open(file))} />}
      {asking === 'new' && <NewFile paths={paths} near={path} onClose={() => ask(null)} onMake={(file) => (bench.edit(file, ''), ask(null), open(file))} />}
      {asking === 'delete' && path && (
        <Ask title={`Delete ${path}?`} keep="Keep it" does="Delete the file" onKeep={() => ask(null)} onDo={() => bench.remove(path).then(() => (amend({ file: null, line: null }), bench.runCheck()), failed)}>
          <p>It goes from the {bench.side}. Published versions keep theirs. This can’t be undone.</p>
        </Ask>
      )}
    </>
  )
}

function Tree({ paths, current, bench, onOpen }: { paths: string[]; current: string | null; bench: Bench | null; onOpen: (path: string) => void }) {
  const wrong = bench ? bench.messages.value : []
  return (
    <ul class="tree grow">
      {rowsOf(paths).map((row) => {
        const errors = wrong.filter((item) => item.file === row.path).length
        const change = bench?.edits.value.has(row.path) ? 'unsaved' : bench?.changed.value.get(row.path)
        return (
          <li key={row.path} class={`depth-${Math.min(row.depth, 5)}`}>
            {row.folder ? (
              <span>
                <Icon name="down" />
                {row.name}
              </span>
            ) : (
              <Link
                to={`${address.value}?file=${encodeURIComponent(row.path)}`}
                aria-current={row.path === current ? 'page' : undefined}
                onClick={(event) => {
                  if (event.ctrlKey || event.metaKey) return
                  event.preventDefault()
                  onOpen(row.path)
                }}
              >
                <Icon name="page" />
                <span class="cut">{row.name}</span>
                {errors > 0 ? (
                  <span class="mark bad" title={many(errors, 'error')}>{errors}</span>
                ) : (
                  change && (
                    <span class="mark" title={change === 'unsaved' ? 'not saved' : `${change} since the active version`}>
                      {{ unsaved: '●', added: 'A', changed: 'M', removed: 'D' }[change]}
                    </span>
                  )
                )}
              </Link>
            )}
          </li>
        )
      })}
    </ul>
  )
}

interface OneFileProps {
  bench: Bench
  path: string
  paths: string[]
  version: string | null
  line: number
  jumps: number
  why: string | null
  onOpen: (path: string) => void
  ask: (what: 'go' | 'new' | 'delete') => void
}

const narrow = matchMedia('(max-width: 639px)')

function OneFile({ bench, path, paths, version, line, jumps, why, onOpen, ask }: OneFileProps) {
  const host = useRef<HTMLDivElement>(null)
  const editor = useRef<Editor | null>(null)
  const [cursor, setCursor] = useState('')
  const [state, setState] = useState<{ binary?: number; error?: unknown; ready?: boolean }>({})
  const readOnly = !!why || narrow.matches
  const messages = version ? [] : bench.messages.value.filter((message) => message.file === path)
  useEffect(() => {
    let gone = false
    const open = async () => {
      const unsaved = version ? undefined : bench.edits.peek().get(path)
      const found = unsaved != null ? null : await textOf(bench.id, path, version)
      if (gone) return
      if (found && found.text == null) return setState({ binary: found.size })
      if (found && !version) bench.read(path, found.text!, found.etag)
      const { mount } = await import('../editor/editor')
      if (gone) return
      editor.current = mount(host.current!, {
        change: (path, text) => bench.edit(path, text),
        cursor: (line, column) => setCursor(`line ${number(line)}, column ${number(column)}`),
      })
      editor.current.show(path, unsaved ?? found!.text!, readOnly, messages)
      setState({ ready: true })
    }
    open().catch((error) => gone || setState({ error }))
    return () => {
      gone = true
      editor.current?.remove()
      editor.current = null
    }
  }, [])
  useEffect(() => editor.current?.mark(messages), [JSON.stringify(messages)])
  useEffect(() => {
    if (line && state.ready) editor.current?.to(line)
  }, [line, state.ready, jumps])
  const change = bench.edits.value.has(path) ? 'not saved' : bench.changed.value.get(path)
  return (
    <>
      <div class="pane-title mid">
        <h2 class="mono cut wide-only">{path}</h2>
        <Choice kind="below-wide" label="File" value={path} all={paths} onChange={onOpen} />
        {!version && change && <span class={`chip ${change === 'not saved' ? 'warning' : ''}`}>{change}</span>}
        {readOnly && (
          <span class="chip" title={why ?? undefined}>read only</span>
        )}
        {why && !version && <span class="wide-only dim cut">{why}</span>}
        <span class="grow" />
        <span class="roomy dim">{cursor}</span>
        <Menu label="File" square face={<Icon name="down" />}>
          <a href={fileUrl(bench.id, path, version)} download={path.split('/').at(-1)}>Download</a>
          <button type="button" onClick={() => ask('go')}>Go to a file <kbd>Ctrl P</kbd></button>
          {!readOnly && (
            <>
              <button type="button" onClick={() => ask('new')}>New file</button>
              {bench.edits.value.has(path) && (
                <button type="button" onClick={() => (bench.edit(path, null), bench.turns.value++)}>
                  Undo all unsaved changes
                </button>
              )}
              <button type="button" class="bad" onClick={() => ask('delete')}>Delete…</button>
            </>
          )}
        </Menu>
      </div>
      <Trouble error={state.error} />
      {state.binary != null ? (
        <div class="empty">
          <p><strong>{path}</strong> is not a text to be edited here, {size(state.binary)}.</p>
          <a class="button" href={fileUrl(bench.id, path, version)} download><Icon name="download" /> Download</a>
        </div>
      ) : (
        <div class="editor" ref={host} />
      )}
    </>
  )
}

/** The result of the last check, below the text. */
function CheckPane({ bench, onOpen }: { bench: Bench; onOpen: (path: string, line?: number) => void }) {
  const checking = bench.checking.value
  const [passed, show] = useState(false)
  if (checking.state === 'none') return null
  const check = bench.check.value
  const total = check ? Object.values(check.registered).reduce((sum, item) => sum + item, 0) : 0
  const [message] = bench.messages.value
  return (
    <section class="check-pane" aria-label="Check">
      <div class="pane-title mid">
        <h2>Check</h2>
        <span role="status">
          <HowFar of={checking} />
          {check && (check.loads ? <Status of="succeeded">{check.warnings.length ? `Loads, ${many(check.warnings.length, 'warning')}` : 'Loads'}</Status> : <Status of="failed">1 error</Status>)}
        </span>
        {checking.state === 'done' && (
          <span class="dim roomy cut">
            checked in {span(checking.took)} in environment {check!.environment_id.slice(-6)}
          </span>
        )}
        <span class="grow" />
        {total > 0 && (
          <Button kind="quiet" aria-expanded={passed} onClick={() => show(!passed)}>
            {passed ? 'Hide' : 'Show'} registered <span class="dim">{number(total)}</span>
          </Button>
        )}
        {checking.state === 'failed' && <Button kind="quiet" onClick={() => saveAndCheck(bench)}>Try again</Button>}
      </div>
      {checking.state === 'failed' && <Trouble error={checking.error} />}
      {check?.error && (
        <div class="check-line small wrong">
          <Icon name="warning" />
          {message ? (
            <button type="button" class="mono" onClick={() => onOpen(message.file, message.line)}>
              {message.file}:{message.line}
            </button>
          ) : (
            <code>{check.error.code}</code>
          )}
          <span class="break">
            {said(check.error)}
            {check.error.hint && <span class="mid"> <Advice text={check.error.hint} /></span>}
          </span>
        </div>
      )}
      {check?.warnings.map((text) => (
        <div class="check-line small" key={text}>
          <span class="warn"><Icon name="warning" /></span>
          <span class="break">{text}</span>
        </div>
      ))}
      {passed && check && (
        <ul class="registered mid">
          {Object.entries(check.registered).map(([name, count]) => (
            <li key={name}><b>{number(count)}</b> {name.replaceAll('_', ' ')}</li>
          ))}
        </ul>
      )}
    </section>
  )
}

function GoTo({ paths, onClose, onOpen }: { paths: string[]; onClose: () => void; onOpen: (path: string) => void }) {
  const [text, setText] = useState('')
  const words = text.toLowerCase().split(/\s+/)
  const found = paths.filter((path) => words.every((word) => path.toLowerCase().includes(word)))
  return (
    <Dialog title="Go to a file" onClose={onClose}>
      <Finder kind="input fill" label="File" hint="Part of its path" text={text} all={found.map((path) => ({ icon: 'page', text: path, act: () => onOpen(path) }))} onText={setText} onTake={(file) => file.act()} />
    </Dialog>
  )
}

function NewFile({ paths, near, onClose, onMake }: { paths: string[]; near: string | null; onClose: () => void; onMake: (path: string) => void }) {
  const make = (form: FormData) => {
    const path = String(form.get('path')).trim().replace(/^\/+/, '')
    if (!path || path.split('/').some((part) => !part || part === '.' || part === '..')) throw new Error('A path like src/ade_config/columns/phone.py.')
    if (paths.includes(path)) throw new Error('There is such a file.')
    onMake(path)
  }
  return (
    <AskForm title="New file" does="Create it" onClose={onClose} onSend={make}>
      {(wrong) => <Entry id="path" kind="mono" label="Its path in the configuration" data-first defaultValue={near ? near.slice(0, near.lastIndexOf('/') + 1) : ''} wrong={wrong} />}
    </AskForm>
  )
}
