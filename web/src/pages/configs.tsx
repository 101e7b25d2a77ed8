// The configurations of a workspace, and creating one from a template, from an archive, or empty.
import { useRef, useState } from 'preact/hooks'
import { change, may, workspace } from '../api/client'
import { ago, AskForm, Button, type Column, Entry, Link, List, many, moment, NoneLeft, Nothing, Records, Search, Segments, short, size, Status, Title, Trouble, useAbout, useGot, useKeys, useLines, useLoaded } from '../parts'
import { amend, go, inAddress } from '../router'
import { archiveType, raw, type Known } from './configs-bench'
import { configurations } from './start'

export { Configuration } from './configs-one'

/** Returns the status word of a configuration. */
export function stateOf(configuration: Known): [glyph: string, word: string] {
  if (configuration.active_version) return ['plain', 'Active']
  return configuration.uploaded ? ['queued', 'Draft'] : ['plain', 'Folder']
}

const uses = (configuration: Known) => ({ version: `version ${configuration.active_version}`, folder: 'the folder as it is', nothing: 'nothing yet' })[configuration.runs_use]

export function Configurations() {
  // A run may have made a folder known, or been its last.
  const { value, error, again } = useLoaded(configurations, [workspace.value], (event) => event.kind === 'reset' || (event.kind === 'run' && event.data.status === 'queued'))
  const [chosen, choose] = useState<string | null>(null)
  const [asking, ask] = useState(false)
  const q = inAddress('q')
  const status = inAddress('status')
  const named = (value ?? []).filter((configuration) => `${configuration.name}\n${configuration.id}`.toLowerCase().includes(q.toLowerCase()))
  const list = named.filter((configuration) => !status || stateOf(configuration)[1] === status)
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
            all={[['', 'All', named.length], ...['Active', 'Draft', 'Folder'].map((word): [string, string, number] => [word, word, named.filter((configuration) => stateOf(configuration)[1] === word).length])]}
          />
        </div>
      )}
      <List of="Configurations" there={!!value} error={error} again={again} box={box}>
        {!value?.length ? (
          <Nothing title="No configurations yet">A configuration says which fields your tables have, and how their columns are recognised. <Button needs="admin" onClick={() => ask(true)}>New configuration</Button></Nothing>
        ) : list.length ? (
          <Records kind="configs" of="Configurations, the default first" all={list} id={(configuration) => configuration.id} columns={COLUMNS} line={({ id }) => ({ id: `config-${id}`, class: id === chosen ? 'chosen' : '', onClick: () => choose(id), onDblClick: () => go(`/configs/${id}`) })} />
        ) : (
          <NoneLeft clear={clear}>No {status.toLowerCase()} configuration{q && ` with “${q}” in its name`}.</NoneLeft>
        )}
      </List>
      {asking && <NewConfiguration onClose={() => ask(false)} />}
    </>
  )
}

const COLUMNS: Column<Known>[] = [
  ['Status', '', (configuration) => <Status of={stateOf(configuration)[0]}>{stateOf(configuration)[1]}</Status>],
  ['Name', 'name', (configuration) => (
    <>
      <Link to={`/configs/${configuration.id}`}>{configuration.name}</Link> {configuration.default && <span class="chip">default</span>}
      <div class="narrow small dim">{uses(configuration)} · {configuration.last_run_at ? `used ${ago(configuration.last_run_at)}` : 'not used yet'}</div>
    </>
  )],
  ['Runs use', 'mid roomy', (configuration) => <span class={configuration.runs_use === 'nothing' ? 'dim' : ''}>{uses(configuration)} {configuration.version && <span class="mono dim wide-only">{configuration.version.source_digest.slice(0, 8)}</span>}</span>],
  ['Where', 'wide-only dim cut', (configuration) => (configuration.uploaded ? 'uploaded' : <span class="mono">{configuration.path}</span>), (configuration) => (configuration.uploaded ? null : configuration.path)],
  ['Changed', 'figure mid roomy', (configuration) => moment(configuration.updated_at), (configuration) => configuration.updated_at],
  ['Last used', 'figure mid roomy', (configuration) => ago(configuration.last_run_at), (configuration) => configuration.last_run_at],
  ['Id', 'figure id wide-only', (configuration) => short(configuration.id), (configuration) => configuration.id],
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
    ...(templates?.items ?? []).map((template): [string, string, string] => [template.name, template.name, `${template.description} (${many(template.files.length, 'file')})`]),
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
