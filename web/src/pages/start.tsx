// Starts runs: files, a configuration, options. Files can be dropped anywhere in the console.

import { useEffect, useState } from 'preact/hooks'
import { all, hindrance, type Schemas, workspace } from '../api/client'
import { ago, Block, Button, Icon, Labelled, Link, listed, Loading, many, Name, quoted, size, Status, Title, Trouble, useAbout, useKeys, useLoaded } from '../parts'
import { amend, go, path, query } from '../router'
import { counts } from '../api/events'
import { add, again, dropped, isForRun, onTheirWay, remove, start, uploads, type Upload } from './uploads'

type Known = Schemas['KnownConfiguration']

const picker = Object.assign(document.createElement('input'), { type: 'file', multiple: true, hidden: true, accept: '.xlsx,.xlsm,.xlsb,.xls,.ods,.csv,.tsv,.txt' })
document.body.append(picker)
picker.onchange = () => {
  add([...(picker.files ?? [])])
  picker.value = ''
  if (!takesFiles()) go('/start')
}
/** Whether the current page takes files. */
const takesFiles = () => /^\/(start|configs\/from)$/.test(path.peek())
/** Opens the browser's file dialog. */
export const choose = () => picker.click()

export const configurations = () => all('/api/v1/workspaces/{workspace}/configs', { workspace: workspace.peek(), limit: 1000 }, (page) => page.items)
const usable = (item: Known) => item.runs_use !== 'nothing'
const recent = (all: Known[]) => [...all].filter(usable).sort((a, b) => (b.last_run_at ?? '').localeCompare(a.last_run_at ?? ''))

export function Start() {
  const { value: all, error, again: reload } = useLoaded(configurations, [workspace.value])
  const wanted = query.value.get('config')
  const choices = recent(all ?? [])
  const chosen = choices.find((choice) => choice.id === wanted || choice.name === wanted) ?? choices.find((choice) => choice.default) ?? choices[0]
  const [validate, setValidate] = useState(false)
  const [active, setActive] = useState(false)
  const list = uploads.value
  const asked = list.filter((item) => !item.start && isForRun(item))
  const good = asked.some((item) => item.state !== 'refused') ? asked : []
  const can = good.length > 0 && !!chosen && !hindrance('run')

  const submit = () => {
    if (!can) return
    const files = list.filter((item) => !item.start)
    const alone = files.length === 1
    // Two people who drop files in the same second have separate batches.
    const batch = `${new Date().toLocaleString('sv')} ${Math.random().toString(36).slice(2, 6)}`
    start(files, { configuration: chosen!.id, options: { validate_only: validate, active_sheet_only: active }, batch: alone ? '' : batch })
    if (!alone) go(`/runs?label=${encodeURIComponent(`batch:${batch}`)}`)
  }
  useKeys({ 'Ctrl Enter': submit, Escape: () => go('/runs') })
  useAbout({
    title: 'Start a run',
    main: true,
    command: ['ade run', chosen ? quoted(chosen.name) : 'CONFIG', ...(good.length ? good.map(({ file }) => quoted(file.name)) : ['FILE'])].join(' '),
    keys: [['u', 'choose files'], ['Ctrl ↵', 'start']],
  })
  const busyNow = (counts.value?.queued ?? 0) + (counts.value?.running ?? 0)
  const label = !good.length && onTheirWay().length ? 'Starts when it is sent…' : `Start ${good.length ? many(good.length, 'run') : 'a run'}`
  const button = (
    <Button kind="filled fill" aria-disabled={!can} aria-describedby="why-not" onClick={submit}>{label} <kbd class="roomy">Ctrl ↵</kbd></Button>
  )
  const why = hindrance('run') ? hindrance('run') : !good.length ? 'Choose files first.' : !chosen ? 'There is no configuration that runs can use.' : ''
  return (
    <>
      <Title of="Start a run" say="Drop files anywhere in the console to come here." />
      <Trouble error={error} again={reload} />
      <div class="split">
        <div class="grow padded">
          <DropZone />
          <FileList of="Files to run" />
          <div class="options">
            <div>
              {all ? (
                <Labelled id="configuration" label="Configuration" value={chosen?.id ?? ''} all={choices.map((choice) => [choice.id, `${choice.name}${choice.runs_use === 'version' ? `, version ${choice.active_version}` : ', its folder as it is'}`])} onChange={(config) => amend({ config })} />
              ) : (
                <Loading />
              )}
              <p class="dim small gap-above">{chosen ? (chosen.last_run_at ? `Last used ${ago(chosen.last_run_at)}.` : 'Not used yet; the first run builds its environment.') : <>None yet. <Link to="/configs">Create one</Link></>}</p>
            </div>
            <div>
              <Labelled id="sheets" label="Sheets" value={active ? 'active' : ''} none="All visible sheets" all={[['active', 'The active sheet only']]} onChange={(value) => setActive(value === 'active')} />
              <p class="dim small gap-above">Hidden sheets are skipped.</p>
            </div>
            <fieldset>
              <legend class="label">Also</legend>
              <label class="check">
                <input type="checkbox" checked={validate} onChange={(event) => setValidate(event.currentTarget.checked)} /> Check the configuration only
              </label>
            </fieldset>
          </div>
        </div>
        <aside class="side" aria-label="What will happen">
          <Block title={good.length ? many(good.length, 'run') : 'No files yet'} kind="roomy">
            <p class="mid">{good.length > 1 ? 'One run for each file, at the same time. The files stay together as a batch.' : good.length ? 'One run.' : 'Each file becomes a run.'} {busyNow ? `${many(busyNow, 'run')} before ${good.length > 1 ? 'them' : 'it'}.` : 'Nothing waits.'}</p>
          </Block>
          <div class="block">
            {button}
            <p class="dim small gap-above" id="why-not" role="status">
              {why || 'Starts as soon as the upload is done, on whatever page you are. Files that are already stored are not sent again.'}
            </p>
          </div>
        </aside>
      </div>
    </>
  )
}

/** The chosen files and their progress. */
export const FileList = ({ of }: { of: string }) =>
  uploads.value.length > 0 && (
    <div class="framed">
      <table class="records">
        <caption class="unseen">{of}</caption>
        <colgroup>
          <col />
          <col class="roomy" />
          <col class="c-size roomy" />
          <col class="c-state" />
          <col class="c-out" />
        </colgroup>
        <tbody>{uploads.value.map((upload) => <FileRow key={upload.key} upload={upload} />)}</tbody>
      </table>
    </div>
  )

export function DropZone({ large, onSample }: { large?: boolean; onSample?: () => void }) {
  return (
    <div class={`drop mid ${large ? 'large' : ''}`}>
      <Icon name={large ? 'sheet' : 'upload'} />
      {large ? (
        <>
          <h2>Drop a messy workbook here</h2>
          <p>ADE finds its tables, recognises the columns, cleans and checks every value, and shows you what it did beside the original.</p>
          <p>
            <Button kind="filled" onClick={choose}>Choose a file</Button>{' '}
            {onSample && <Button onClick={onSample}>Try the sample</Button>}
          </p>
        </>
      ) : (
        <p>
          <strong>Drop workbooks here</strong>, or{' '}
          <Button onClick={choose}>choose files</Button>
        </p>
      )}
      <p class="dim small">.xlsx .xlsm .xlsb .xls .ods .csv .tsv .txt. You can also drop a folder.</p>
    </div>
  )
}

function FileRow({ upload }: { upload: Upload }) {
  const { key, file, state, sent, note, sheets } = upload
  const tone = state === 'refused' || state === 'failed' ? 'bad' : 'dim'
  const told = listed([sheets, note], '; ')
  return (
    <tr>
      <td class="name break"><Name of={file.name} /><div class={`narrow small ${tone}`}>{told}</div></td>
      <td class={`small break roomy ${tone}`}>{told}</td>
      <td class="figure mid roomy">{size(file.size)}</td>
      <td>
        {state === 'sending' ? (
          <span class="doing dim">
            <progress value={sent} max={file.size || 1} aria-label={`${file.name} is sent`} />
            <span class="roomy">{size(sent)} of {size(file.size)}</span>
          </span>
        ) : state === 'failed' ? (
          <Button onClick={() => again(key)}>Retry</Button>
        ) : (
          <Status of={state === 'ready' ? 'ready' : state === 'refused' ? 'failed' : 'queued'}>{state === 'ready' ? 'Ready' : state === 'refused' ? 'Cannot be read' : 'Hashing'}</Status>
        )}
      </td>
      <td class="figure">
        <Button icon="close" kind="quiet square" aria-label={`Remove ${file.name}`} onClick={() => remove(key)} />
      </td>
    </tr>
  )
}

/** The last used configurations as drop targets while files are held over the window. */
export function DropAnywhere() {
  const [held, setHeld] = useState<{ count: number } | null>(null)
  const [all, setAll] = useState<Known[]>([])
  const [over, setOver] = useState<string | null>(null)
  useEffect(() => {
    let depth = 0
    const under = (event: DragEvent) => (event.target as Element).closest?.<HTMLElement>('[data-configuration]')?.dataset.configuration ?? null
    const has = (event: DragEvent) => event.dataTransfer?.types.includes('Files')
    const enter = (event: DragEvent) => {
      if (!has(event)) return
      event.preventDefault()
      if (!depth++) {
        setHeld({ count: event.dataTransfer!.items.length })
        configurations().then((found) => setAll(recent(found).slice(0, 4)), () => {})
      }
    }
    const leave = (event: DragEvent) => has(event) && --depth <= 0 && end()
    const move = (event: DragEvent) => {
      if (!has(event)) return
      event.preventDefault()
      setOver(under(event))
    }
    const end = () => {
      depth = 0
      setHeld(null)
    }
    const release = async (event: DragEvent) => {
      if (!has(event)) return
      event.preventDefault()
      const on = under(event)
      end()
      add(await dropped(event.dataTransfer!))
      if (on) go(`/start?config=${on}`)
      else if (!takesFiles()) go('/start')
    }
    const on: [string, any][] = [
      ['dragenter', enter],
      ['dragleave', leave],
      ['dragover', move],
      ['drop', release],
      ['dragend', end],
    ]
    on.forEach(([name, does]) => addEventListener(name, does))
    return () => on.forEach(([name, does]) => removeEventListener(name, does))
  }, [])
  if (!held) return null
  const chosen = all.find((item) => item.id === over) ?? all.find((item) => item.default) ?? all[0]
  return (
    <div class="veil">
      <div class="dialog wide" role="dialog" aria-label="Drop files">
        <div class="body">
          <div class="drop mid over">
            <Icon name="upload" />
            <h2>Drop {many(held.count, 'workbook')}</h2>
            <p>{chosen ? `with ${chosen.name}. Release over another one to use it instead.` : 'to start with them.'}</p>
          </div>
          <div class="choices gap-above">
            {all.map((item) => (
              <button type="button" key={item.id} data-configuration={item.id} class={item === chosen ? 'chosen' : ''}>
                <strong>{item.name}</strong>
                <br />
                <span class="dim small">{item.last_run_at ? `used ${ago(item.last_run_at)}` : 'not used yet'}</span>
              </button>
            ))}
          </div>
          <p class="dim small gap-above"><kbd>Esc</kbd> leaves everything as it was</p>
        </div>
      </div>
    </div>
  )
}
