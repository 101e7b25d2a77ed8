// A configuration from sample files: what was inferred is looked at, its questions are answered, and it is published. As `ade init --from`.
import { useState } from 'preact/hooks'
import { change, hindrance, whenReady, workspace, type Problem, type Schemas } from '../api/client'
import { many, quoted } from '../parts/format'
import { useKeys } from '../parts/keys'
import { Block, Button, type Column, Entry, Records, Status, Title, Trouble, useAbout, useDoing } from '../parts/parts'
import { go, href } from '../router'
import { benchOf, type Known } from './configs-bench'
import { DropZone, FileList } from './start'
import { remove, uploads } from './uploads'

type Inferred = Schemas['Inferred']

const COLUMNS: Column<Inferred['fields'][number]>[] = [
  ['Field', 'name', (one) => <code>{one.name}</code>],
  ['Label', 'mid', (one) => one.label],
  ['Read as', 'mid', (one) => one.read],
  ['Checks', 'mid roomy', (one) => one.checks.join(', ')],
  ['Headers', 'mid cut wide-only', (one) => one.headers.join(', '), (one) => one.merges.map(({ header, reason }) => `${header}: ${reason}`).join('; ')],
]

export function FromSamples() {
  const [name, setName] = useState('')
  const [id, setId] = useState('')
  const [samples, setSamples] = useState<Schemas['Document'][]>([])
  const [found, setFound] = useState<Inferred | null>(null)
  const [right, setRight] = useState<Record<number, number[]>>({})
  const { doing, say, error, during } = useDoing()
  const files = uploads.value.filter((one) => !one.start && one.state !== 'refused')
  const sent = files.every((one) => one.document)
  const asked = found?.questions ?? []
  const why = hindrance('admin') || (doing ? doing : !found && !files.length ? 'Choose sample files first.' : !name.trim() ? 'A configuration has a name.' : sent ? '' : 'The files are being sent.')
  const infer = () =>
    why || during('Looking at the samples…', async () => {
      const documents = [...samples, ...files.map((one) => one.document!)]
      const made = id || (await change<Known>('POST', `/api/v1/workspaces/${encodeURIComponent(workspace.peek())}/configs`, { name: name.trim() })).id
      setId(made)
      const answers = Object.entries(right).map(([question, right]) => ({ question: Number(question), right }))
      const body = { document_ids: documents.map((one) => one.id), answers: files.length ? [] : answers }
      const told = await whenReady(() => change<Inferred>('POST', `/api/v1/configs/${made}/infer`, body, { 'If-Match': '*' }), () => say('Its environment is built first…'), () => false)
      files.forEach((one) => remove(one.key))
      setSamples(documents)
      // What was asked is asked as it was, so that an answer can be another.
      setFound({ ...told!, questions: body.answers.length ? asked : told!.questions })
      if (files.length) setRight({})
    })
  const publish = () => why || during('Publishing…', async () => (await benchOf(id).load(), await benchOf(id).publish(false), go(`/configs/${id}`)))
  /** What is right of a question's offers: none, where the list is empty; without a list it stays open. */
  const answer = (question: number, offers?: number[]) => setRight(Object.fromEntries(Object.entries({ ...right, [question]: offers! }).filter(([, offers]) => offers)))
  const toggle = (question: number, offer: number, several: boolean) => {
    const before = right[question] ?? []
    const rest = before.filter((one) => one !== offer)
    answer(question, before.includes(offer) ? (rest.length ? rest : undefined) : [...(several ? rest : []), offer])
  }
  const isNew = !found || files.length > 0
  useKeys({ 'Ctrl Enter': () => (isNew || asked.length ? infer() : publish()), Escape: () => go('/configs') })
  useAbout({ title: 'From sample files', main: true, command: ['ade init', quoted(name || 'NAME'), '--from', ...[...samples, ...files.map(({ file }) => file)].slice(0, 4).map((one) => quoted(one.name))].join(' '), keys: [['u', 'choose files'], ['Ctrl ↵', 'look']] })
  return (
    <>
      <Title of="From sample files" say="a month of one sender, or of all: their columns become fields" />
      {error != null && <Trouble error={error as Problem} />}
      <div class="split">
        <div class="grow padded scroller">
          <DropZone />
          <FileList of="Samples" />
          {!id && <Entry id="name" label="Name" maxLength={100} placeholder="orders" value={name} onInput={(event) => setName(event.currentTarget.value)} />}
          {asked.map((one) => (
            <fieldset key={one.id} class="gap-above">
              <legend class="label">{one.text} <span class="dim">{one.values.join('; ')}</span></legend>
              {[...one.offers, null].map((offer, at) => (
                <label class="check" key={at}>
                  <input type="checkbox" checked={offer ? (right[one.id]?.includes(at + 1) ?? false) : right[one.id]?.length === 0} onChange={() => (offer ? toggle(one.id, at + 1, one.several) : answer(one.id, right[one.id]?.length === 0 ? undefined : []))} />{' '}
                  {offer?.text ?? 'none of these'} <span class="dim">{offer?.values.join('; ')}</span>
                </label>
              ))}
            </fieldset>
          ))}
          {found && <div class="framed"><Records of="Fields" all={found.fields} id={(one) => one.name} columns={COLUMNS} /></div>}
        </div>
        <aside class="side" aria-label="What was inferred" tabIndex={0}>
          <div class="block">
            <Button kind="filled fill" aria-disabled={!!why} aria-describedby="why-not" onClick={isNew || asked.length ? infer : publish}>{isNew ? 'Look at the samples' : asked.length ? 'Answer' : 'Publish version 1'}</Button>
            <p class="dim small gap-above" id="why-not" role="status">{doing ? <Status of="running">{doing}</Status> : why || 'It is a draft until it is published.'}</p>
            {found && !isNew && asked.length > 0 && <Button kind="fill" aria-disabled={!!why} onClick={publish}>Publish version 1</Button>}
            {found && <a class="button fill gap-above" href={href(`/configs/${id}`)}>Open the draft</a>}
          </div>
          {found && (
            <>
              <Block title={`${many(found.fields.length, 'field')} from ${many(found.samples.reduce((sum, one) => sum + one.rows, 0), 'record')} of ${many(found.samples.length, 'sample')}`}>
                <ul class="reasons mid">{found.settings.map((one) => <li key={one.name}><code>{one.name}</code> {one.value} <span class="dim">shown by {one.shown_by.slice(0, 3).join(', ')}</span></li>)}</ul>
              </Block>
              <Block title="Look at first"><ul class="reasons">{found.look.map((one) => <li key={one} class="warn">{one}</li>)}</ul></Block>
              {found.left_out.length > 0 && <Block title="Left out"><ul class="reasons mid">{found.left_out.map((one) => <li key={one.header}>{one.header}: {one.reason}</li>)}</ul></Block>}
              {found.senders.length > 1 && <Block title={many(found.senders.length, 'sender')}><ul class="reasons mid">{found.senders.map((one) => <li key={one.files[0]}>{[one.files.join(', '), ...one.settings.map((own) => `${own.name} = ${own.value}`), one.lacks.length && `no column of ${one.lacks.join(', ')}`].filter(Boolean).join('; ')}</li>)}</ul></Block>}
            </>
          )}
        </aside>
      </div>
    </>
  )
}
