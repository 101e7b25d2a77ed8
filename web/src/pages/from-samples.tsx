// Creates a configuration from sample files: review the inferred fields, answer the questions, publish, as in `ade init --from`.
import { useEffect, useState } from 'preact/hooks'
import { change, hindrance, type Problem, type Schemas, whenReady, workspace } from '../api/client'
import { Block, Button, type Column, Entry, Link, listed, many, Points, quoted, Records, Status, Title, Trouble, useAbout, useDoing, useKeys } from '../parts'
import { amend, go, query } from '../router'
import { benchOf, type Known } from './configs-bench'
import { DropZone, FileList } from './start'
import { remove, uploads } from './uploads'

type Inferred = Schemas['InferredConfiguration']

const COLUMNS: Column<Inferred['fields'][number]>[] = [
  ['Field', 'name', (item) => <code>{item.name}</code>],
  ['Label', 'mid', (item) => item.label],
  ['Read as', 'mid', (item) => item.read],
  ['Checks', 'mid roomy', (item) => item.checks.join(', ')],
  ['Headers', 'mid cut wide-only', (item) => item.headers.join(', '), (item) => item.merges.map(({ header, reason }) => `${header}: ${reason}`).join('; ')],
]

interface State {
  name: string
  id: string
  samples: Schemas['Document'][]
  found: Inferred | null
  /** The answers to the questions, and those already sent. */
  right: Record<number, number[]>
  sent: State['right']
}
const KEPT = 'ade.samples.'

export function FromSamples() {
  const [state, setState] = useState<State>(JSON.parse(sessionStorage.getItem(KEPT + query.peek().get('id')) ?? 'null') ?? { name: '', id: '', samples: [], found: null, right: {}, sent: {} })
  const { name, id, samples, found, right, sent } = state
  const set = (more: Partial<State>) => setState((before) => ({ ...before, ...more }))
  // Everything is kept for users who visit the draft and return.
  useEffect(() => void (id && sessionStorage.setItem(KEPT + id, JSON.stringify(state))), [state])
  const { doing, say, error, during } = useDoing()
  const files = uploads.value.filter((upload) => !upload.start && upload.state !== 'refused')
  const isThere = files.every((file) => file.document)
  const asked = found?.questions ?? []
  const why = hindrance('admin') || (doing ? doing : !found && !files.length ? 'Choose sample files first.' : !name.trim() ? 'A configuration has a name.' : isThere ? '' : 'The files are being sent.')
  const infer = () =>
    why || during('Looking at the samples…', async () => {
      const documents = [...samples, ...files.map((file) => file.document!)]
      const made = id || (await change<Known>('POST', `/api/v1/workspaces/${encodeURIComponent(workspace.peek())}/configs`, { name: name.trim() })).id
      set({ id: made })
      amend({ id: made })
      const answers = Object.entries(right).map(([question, right]) => ({ question: Number(question), right }))
      const body = { document_ids: documents.map((document) => document.id), answers: files.length ? [] : answers }
      const told = await whenReady(() => change<Inferred>('POST', `/api/v1/configs/${made}/infer`, body, { 'If-Match': '*' }), () => say('Its environment is built first…'), () => false)
      files.forEach((file) => remove(file.key))
      // Questions are shown as first asked, so that answers can be changed.
      set({ samples: documents, found: { ...told!, questions: body.answers.length ? asked : told!.questions }, ...(files.length ? { right: {}, sent: {} } : { sent: right }) })
    })
  const publish = () => why || during('Publishing…', async () => (await benchOf(id).load(), await benchOf(id).publish(false), go(`/configs/${id}`)))
  /** The chosen offers of a question: none if the list is empty; without a list it stays open. */
  const answer = (question: number, offers?: number[]) => set({ right: Object.fromEntries(Object.entries({ ...right, [question]: offers! }).filter(([, offers]) => offers)) })
  const toggle = (question: number, offer: number, several: boolean) => {
    const before = right[question] ?? []
    const rest = before.filter((item) => item !== offer)
    answer(question, before.includes(offer) ? (rest.length ? rest : undefined) : [...(several ? rest : []), offer])
  }
  const isNew = !found || files.length > 0
  const isOpen = JSON.stringify(right) !== JSON.stringify(sent)
  const next = isNew || isOpen ? infer : publish
  useKeys({ 'Ctrl Enter': () => void next(), Escape: () => go('/configs') })
  useAbout({ title: 'From sample files', main: true, command: ['ade init', quoted(name || 'NAME'), '--from', ...[...samples, ...files.map(({ file }) => file)].map((item) => quoted(item.name))].join(' '), keys: [['u', 'choose files'], ['Ctrl ↵', 'look']] })
  return (
    <>
      <Title of="From sample files" say="a month of one sender, or of all: their columns become fields" />
      <Trouble error={error as Problem} />
      <div class="split">
        <div class="grow padded scroller">
          <DropZone />
          <FileList of="Samples" />
          {!id && <Entry id="name" label="Name" maxLength={100} placeholder="orders" value={name} onInput={(event) => set({ name: event.currentTarget.value })} />}
          {asked.map((item) => (
            <fieldset key={item.id} class="gap-above">
              <legend class="label">{item.text} <span class="dim">{item.values.join('; ')}</span></legend>
              {item.offers.map((offer, at) => (
                <label class="check" key={at}>
                  <input type={item.several ? 'checkbox' : 'radio'} name={`of-${item.id}`} checked={right[item.id]?.includes(at + 1) ?? false} onChange={() => toggle(item.id, at + 1, item.several)} />{' '}
                  {offer.text} <span class="dim">{offer.values.join('; ')}</span>
                </label>
              ))}
              {([['none of these', []], ['not answered', undefined]] as const).map(([text, value]) => (
                <label class="check" key={text}>
                  <input type="radio" name={`of-${item.id}`} checked={value ? right[item.id]?.length === 0 : !right[item.id]} onChange={() => answer(item.id, value && [])} /> {text}
                </label>
              ))}
            </fieldset>
          ))}
          {found && <div class="framed"><Records of="Fields" all={found.fields} id={(item) => item.name} columns={COLUMNS} /></div>}
        </div>
        <aside class="side" aria-label="What was inferred" tabIndex={0}>
          <div class="block">
            <Button kind="filled fill" aria-disabled={!!why} aria-describedby="why-not" onClick={next}>{isNew ? 'Look at the samples' : isOpen ? 'Answer' : 'Publish version 1'}</Button>
            <p class="dim small gap-above" id="why-not" role="status">{doing ? <Status of="running">{doing}</Status> : why || 'It is a draft until it is published.'}</p>
            {!isNew && isOpen && <Button kind="fill" aria-disabled={!!why} onClick={publish}>Publish version 1</Button>}
            {found && <Link class="button fill gap-above" to={`/configs/${id}`}>Open the draft</Link>}
          </div>
          {found && (
            <>
              <Block title={`${many(found.fields.length, 'field')} from ${many(found.samples.reduce((sum, item) => sum + item.rows, 0), 'record')} of ${many(found.samples.length, 'sample')}`}>
                <Points kind="mid" all={found.settings}>{({ name, value, shown_by }) => <><code>{name}</code> {value} {shown_by.length > 0 && <span class="dim">shown by {shown_by.slice(0, 3).join(', ')}</span>}</>}</Points>
              </Block>
              <Points title="Check these first" kind="warn" all={found.look}>{(item) => item}</Points>
              <Points title="Left out" kind="mid" all={found.left_out}>{({ header, reason }) => `${header}: ${reason}`}</Points>
              {found.senders.length > 1 && <Block title={many(found.senders.length, 'sender')}><Points kind="mid" all={found.senders}>{({ files, settings, lacks }) => listed([files.join(', '), ...settings.map((own) => `${own.name} = ${own.value}`), lacks.length && `no column of ${lacks.join(', ')}`], '; ')}</Points></Block>}
            </>
          )}
        </aside>
      </div>
    </>
  )
}
