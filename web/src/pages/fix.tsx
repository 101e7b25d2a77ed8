// Headers of a run's file that no field knows: accepted one by one, written, checked, and the file run again, as in `ade fix`.
import { signal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { change, type Problem, type Run, type Schemas, whenReady } from '../api/client'
import { begin, runAgain } from './starts'
import { Button, Choice, Dialog, Name, Status, Trouble, useDoing } from '../parts'
import { go, href, path } from '../router'
import { benchOf, type Check } from './configs-bench'
import { Unified } from './configs-compare'
import { copyToDraft, whyNot } from './configs-one'
import { Place } from './configs-trial'
import { parsePatch } from './patch'

/** The run whose file has headers that may be given to fields. */
export const fixing = signal<Run | null>(null)
const close = () => (fixing.value = null)

export function Fix({ run }: { run: Run }) {
  const [bench, use] = useState(benchOf(run.configuration_id))
  const [found, setFound] = useState<Schemas['Fix'] | null>(null)
  const [accepted, accept] = useState<Record<string, string>>({})
  /** The changes written so far, and the files changed elsewhere that a publication would include. */
  const [written, setWritten] = useState<{ fields: Record<string, string>; paths: string[]; others: string[] } | null>(null)
  const [check, setCheck] = useState<Check | null>(null)
  const { doing, say, error, during } = useDoing()
  const known = bench.known.value
  const why = known && whyNot(bench)
  const ask = (more: object) => {
    const accept = Object.entries({ ...accepted, ...more }).flatMap(([field, header]) => (header ? [{ field, header }] : []))
    return (write: boolean) => whenReady(() => change<Schemas['Fix']>('POST', `/api/v1/configs/${bench.id}/fix`, { run_id: run.id, accept, write }), () => say('Its environment is built first…'), () => !fixing.peek())
  }
  useEffect(() => void during('Looking…', async () => (await bench.load(), setFound(await ask({})(false)))), [bench])
  const choose = (field: string, header: string) => (accept({ ...accepted, [field]: header }), during('Looking…', async () => setFound(await ask({ [field]: header })(false))))
  const write = () =>
    during('Writing and checking…', async () => {
      await bench.refresh()
      const others = written?.others ?? [...bench.changed.peek().keys()]
      const wrote = (await ask({})(true))!
      await bench.refresh()
      const paths = [...(written?.paths ?? []), ...wrote.edits.map((edit) => edit.path)]
      setWritten({ fields: { ...written?.fields, ...accepted }, paths, others: [...new Set([...others, ...[...bench.changed.peek().keys()].filter((path) => !paths.includes(path))])] })
      accept({})
      setFound({ ...wrote, edits: [], pastes: [] })
      await bench.runCheck()
      const checking = bench.checking.peek()
      if (checking.state === 'failed') throw checking.error
      setCheck(bench.check.peek())
    })
  const again = () =>
    during('Starting…', async () => {
      if (publishes) await bench.publish(false)
      if (bench.id === run.configuration_id) runAgain([run.id])
      else if (!run.document_id) go(`/start?config=${bench.id}`)
      else begin([{ key: `fixed-${run.id}-${Date.now()}`, url: `/api/v1/configs/${bench.id}/runs`, body: { document_id: run.document_id }, name: run.input.name, from: path.peek() }])
      close()
    })
  const publishes = known?.runs_use !== 'folder'
  const isOpen = !written || !!found?.edits.length
  const fields = found?.fields.filter((field) => !written?.fields[field]) ?? []
  const columns = found?.columns.map((column) => column.header).filter((header) => !Object.values(written?.fields ?? {}).includes(header)) ?? []
  const isFirst = publishes && !!written?.others.length
  const compare = href(known?.active_version ? `/configs/${bench.id}/compare${bench.id === run.configuration_id ? `?runs=${run.id}` : ''}` : `/configs/${bench.id}/files?file=${encodeURIComponent(written?.paths[0] ?? '')}`)
  return (
    <Dialog
      title="Which columns are they?"
      wide
      onClose={close}
      footer={
        <>
          <span class="grow" role="status">{doing && <Status of="running">{doing}</Status>}</span>
          <Button onClick={close}>{written ? 'Close' : 'Leave it'}</Button>
          {why && <Button needs="admin" onClick={() => during('Copying…', async () => use(benchOf(await copyToDraft(bench))))}>Copy to a draft</Button>}
          {isOpen ? (
            <Button kind="filled" aria-disabled={!!why || !!doing || !found?.edits.length} onClick={() => why || (found?.edits.length && write())}>Write and check</Button>
          ) : isFirst ? (
            <a class="button filled" href={compare} onClick={close}>Compare, publish…</a>
          ) : (
            <Button kind="filled" aria-disabled={!check?.loads || !!doing} onClick={() => check?.loads && again()}>{publishes ? 'Publish, run again' : 'Run again'}</Button>
          )}
        </>
      }
    >
      <p class="mid"><Name of={run.input.name} /> has {columns.length || !found ? 'columns without a field' : 'no column left without a field'}. {why ?? (columns.length > 0 && `Headers that you accept are added to ${known?.name ?? 'the configuration'}.`)}</p>
      <Trouble error={error as Problem} />
      {columns.length > 0 && fields.map((field) => (
        <fieldset key={field} class="flow wrap gap-above">
          <legend class="unseen">{field}</legend>
          <code class="field">{field}</code>
          <Choice label={`The column of ${field}`} none="no column" value={accepted[field] ?? ''} all={columns} onChange={(header) => choose(field, header)} />
          {found!.suggestions.filter((suggestion) => suggestion.field === field && columns.includes(suggestion.header)).map((suggestion) => (
            <label class="check" key={suggestion.header}>
              <input type="radio" name={field} checked={accepted[field] === suggestion.header} onChange={() => choose(field, suggestion.header)} /> {suggestion.header} <span class="small mid">{suggestion.reason ?? 'a guess'}</span>
            </label>
          ))}
        </fieldset>
      ))}
      {found && !fields.length && <p>All fields have a column now.</p>}
      {found?.pastes.map((paste) => <p key={paste.field} class="warn">Paste {JSON.stringify(paste.header)} into the headers of {paste.field}: {paste.why}</p>)}
      {found?.edits.map((edit) => (
        <table class="diff" key={edit.path}>
          <caption class="small dim">{edit.path}</caption>
          <colgroup><col class="numbers" /><col class="numbers" /><col /></colgroup>
          <tbody>{parsePatch(edit.diff).map((hunk) => <Unified hunk={hunk} />)}</tbody>
        </table>
      ))}
      {check && !isOpen && (check.error ? <Place bench={bench} error={check.error} /> : <p class="flow"><Status of="succeeded">Written, and loads</Status> <a href={compare} onClick={close}>Look at it</a></p>)}
      {isFirst && <p class="warn">Publishing also includes your other changes: {written!.others.join(', ')}.</p>}
    </Dialog>
  )
}
