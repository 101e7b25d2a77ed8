// The configurations of a workspace, and creating one from a template, from an archive, or empty.
import { useRef, useState } from 'preact/hooks'
import { change, may, workspace } from '../api/client'
import { ago, AskForm, Button, type Column, Entry, Link, List, many, moment, NoneLeft, Nothing, Records, Search, Segments, short, size, Status, Title, Trouble, useAbout, useGot, useKeys, useLines, useLoaded } from '../parts'
import { amend, go, inAddress } from '../router'
import { archiveType, raw, type Known } from './configs-bench'
import { configurations } from './start'

export { Configuration } from './configs-one'

/** Returns the status word of a configuration. */
export function stateOf(one: Known): [glyph: string, word: string] {
  if (one.active_version) return ['plain', 'Active']
  return one.uploaded ? ['queued', 'Draft'] : ['plain', 'Folder']
}

const uses = (one: Known) => ({ version: `version ${one.active_version}`, folder: 'the folder as it is', nothing: 'nothing yet' })[one.runs_use]

export function Configurations() {
  // A run may have made a folder known, or been its last.
  const { value, error, again } = useLoaded(configurations, [workspace.value], (one) => one.kind === 'reset' || (one.kind === 'run' && one.data.status === 'queued'))
  const [chosen, choose] = useState<string | null>(null)
  const [asking, ask] = useState(false)
  const q = inAddress('q')
  const status = inAddress('status')
  const named = (value ?? []).filter((one) => `${one.name}\n${one.id}`.toLowerCase().includes(q.toLowerCase()))
  const list = named.filter((one) => !status || stateOf(one)[1] === status)
  const { box, enter } = useLines(list, chosen, choose)
  const clear = () => amend({ q: null, status: null })
  useKeys({ Enter: () => chosen && go(`/configs/${chosen}`), Escape: clear })
  useAbout({
    title: 'Configurations',
    main: may('admin'),
    command: 'ade configs ls',
    keys: [['j k', 'move'], ['Enter', 'open'], ['/', 'search'], ['?', 'all keys']],
  })
  return (
    <>
      <Title of="Configurations" say="which fields there are, how their columns are recognised, and how their values are cleaned and checked">
        {may('admin') && (
          <Button icon="plus" kind="filled" needs="admin" onClick={() => ask(true)}>
            <span>New<span class="roomy"> configuration</span></span>
          </Button>
        )}
      </Title>
      {value && value.length > 0 && (
        <div class="tools" role="search">
          <Search value={q} label="Name or id" onInput={(text) => amend({ q: text })} onDown={enter} />
          <Segments
            label="Status"
            value={status}
            onChange={(next) => amend({ status: next })}
            all={[['', 'All', named.length], ...['Active', 'Draft', 'Folder'].map((word): [string, string, number] => [word, word, named.filter((one) => stateOf(one)[1] === word).length])]}
          />
        </div>
      )}
      <List of="Configurations" there={!!value} error={error} again={again} box={box}>
        {!value?.length ? (
          <Nothing title="No configurations yet">A configuration says which fields your tables have, and how their columns are recognised. <Button needs="admin" onClick={() => ask(true)}>New configuration</Button></Nothing>
        ) : list.length ? (
          <Records kind="configs" of="Configurations, the default first" all={list} id={(one) => one.id} columns={COLUMNS} line={({ id }) => ({ id: `config-${id}`, class: id === chosen ? 'chosen' : '', onClick: () => choose(id), onDblClick: () => go(`/configs/${id}`) })} />
        ) : (
          <NoneLeft clear={clear}>No {status.toLowerCase()} configuration{q && ` with “${q}” in its name`}.</NoneLeft>
        )}
      </List>
      {asking && <NewConfiguration onClose={() => ask(false)} />}
    </>
  )
}

const COLUMNS: Column<Known>[] = [
  ['Status', '', (one) => <Status of={stateOf(one)[0]}>{stateOf(one)[1]}</Status>],
  ['Name', 'name', (one) => (
    <>
      <Link to={`/configs/${one.id}`}>{one.name}</Link> {one.default && <span class="chip">default</span>}
      <div class="narrow small dim">{uses(one)} · {one.last_run_at ? `used ${ago(one.last_run_at)}` : 'not used yet'}</div>
    </>
  )],
  ['Runs use', 'mid roomy', (one) => <span class={one.runs_use === 'nothing' ? 'dim' : ''}>{uses(one)} {one.version && <span class="mono dim wide-only">{one.version.source_digest.slice(0, 8)}</span>}</span>],
  ['Where', 'wide-only dim cut', (one) => (one.uploaded ? 'uploaded' : <span class="mono">{one.path}</span>), (one) => (one.uploaded ? null : one.path)],
  ['Changed', 'figure mid roomy', (one) => moment(one.updated_at), (one) => one.updated_at],
  ['Last used', 'figure mid roomy', (one) => ago(one.last_run_at), (one) => one.last_run_at],
  ['Id', 'figure id wide-only', (one) => short(one.id), (one) => one.id],
]

/** Creates a configuration and opens it. */
function NewConfiguration({ onClose }: { onClose: () => void }) {
  const { value: templates, error } = useGot('/api/v1/templates')
  const [from, setFrom] = useState('default')
  const [file, setFile] = useState<File | null>(null)
  const picker = useRef<HTMLInputElement>(null)
  const send = async (form: FormData) => {
    const name = String(form.get('name')).trim()
    if (from === 'archive' && !file) throw new Error('Choose the archive first.')
    if (from !== 'archive' && !name) throw new Error('A configuration has a name.')
    const url = `/api/v1/workspaces/${encodeURIComponent(workspace.peek())}/configs`
    const made: Known =
      from === 'archive'
        ? await (await raw(`${url}?${new URLSearchParams(name ? { name } : {})}`, 'POST', file!, { 'Content-Type': archiveType(file!.name) })).json()
        : await change('POST', url, from === 'empty' ? { name } : { name, template: from })
    go(`/configs/${made.id}`)
  }
  const choices: [string, string, string][] = [
    ...(templates?.items ?? []).map((one): [string, string, string] => [one.name, one.name, `${one.description} (${many(one.files.length, 'file')})`]),
    ['samples', 'Sample files', 'Their columns become fields'],
    ['archive', 'An archive', file ? `${file.name}, ${size(file.size)}` : 'Of its folder: .zip or .tar.gz'],
    ['empty', 'No files', 'They follow one by one'],
  ]
  return (
    <AskForm title="New configuration" does="Create the configuration" wide onClose={onClose} onSend={send}>
      {(wrong) => (
        <>
          <Trouble error={error} />
          <fieldset>
            <legend class="label">Begins with</legend>
            <div class="choices starts">
              {choices.map(([key, title, text]) => (
                <button type="button" key={key} class={from === key ? 'chosen' : ''} aria-pressed={from === key} onClick={() => (key === 'samples' ? go('/configs/from') : setFrom(key), key === 'archive' && picker.current?.click())}>
                  <strong>{title}</strong>
                  <div class="small mid">{text}</div>
                </button>
              ))}
            </div>
          </fieldset>
          <input ref={picker} type="file" hidden accept=".zip,.gz,.tgz" aria-label="Archive" onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} />
          <Entry id="name" label={<>Name {from === 'archive' && <span class="dim">(empty: the name in its pyproject.toml)</span>}</>} data-first maxLength={100} placeholder="roster" wrong={wrong} />
          <p class="small dim">It is a draft until it is published.</p>
        </>
      )}
    </AskForm>
  )
}
