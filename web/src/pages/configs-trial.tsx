// A trial: the draft run on earlier inputs, with the differences in their results. Nothing is recorded.
import { useEffect, useRef, useState } from 'preact/hooks'
import { change, type Problem, type Schemas, whenReady } from '../api/client'
import { Block, Button, Heads, letters, Link, Name, number, Points, Segments, Status, useDoing } from '../parts'
import { query } from '../router'
import type { Bench } from './configs-bench'
import { changedFirst, differences, inAll, plain, said, type Failure, type Tried } from './configs-words'

type Found = Schemas['Trial']

/** The tried files and their results, which survive switching tabs. */
const kept = new Map<string, { found: Found; of: string }>()

export function Trial({ bench }: { bench: Bench }) {
  const [told, tell] = useState(kept.get(bench.id))
  const chosen = query.value.get('runs')?.split(',')
  const asked = chosen?.slice(0, 20)
  const [most, setMost] = useState(asked ? 'these' : '5')
  const abort = useRef(new AbortController())
  useEffect(() => () => abort.current.abort(), [])
  const { doing, say, error, during } = useDoing()
  const refused = error as Problem | null
  const begin = () =>
    doing || during('Trying…', async () => {
      const gone = abort.current.signal
      const of = bench.digest
      tell(undefined)
      const ask = () => change<Found>('POST', `/api/v1/configs/${bench.id}/trial`, most === 'these' ? { run_ids: asked } : { runs: Number(most) }, {}, gone)
      const found = await whenReady(ask, () => say('Its environment is built first'), () => gone.aborted)
      if (!found) return
      kept.set(bench.id, { found, of })
      tell({ found, of })
    })
  return (
    <Block title="What the results would have been">
      <p class="small dim">The {bench.side}, tried on the inputs of {most === 'these' ? 'the runs that were chosen' : 'the last runs'}. Nothing is recorded.</p>
      <p class="flow wrap gap-above">
        <Button aria-disabled={!!doing} needs="admin" onClick={begin}>{told ? 'Try again' : 'Try'}</Button>
        <Segments label="How many inputs" value={most} onChange={setMost} all={[['5', 'last 5'], ['20', 'last 20'], ...(asked ? [['these', `${chosen!.length > asked.length ? `first ${asked.length} of ` : ''}${chosen!.length} chosen`] as [string, string]] : [])]} />
        <span role="status">{doing && <Status of={doing === 'Trying…' ? 'running' : 'building'}>{doing}</Status>}</span>
      </p>
      {refused && (
        <div class="refused small" role="alert">
          <strong>{refused.error ? 'Not tried: it does not load.' : refused.message}</strong>
          {refused.error ? <Place bench={bench} error={refused.error} /> : <p class="mid">{refused.hint}</p>}
        </div>
      )}
      {told && <Outcome bench={bench} found={told.found} old={told.of !== bench.digest} />}
    </Block>
  )
}

/** The error that stops a load or a run, with a link to its line. */
export const Place = ({ bench, error }: { bench: Bench; error: Failure }) => (
  <p class="break mid">
    {error.file && error.line ? (
      <>
        <Link class="mono" to={`/configs/${bench.id}/files?file=${encodeURIComponent(plain(error.file))}&line=${error.line}`}>
          {plain(error.file)}:{error.line}
        </Link>{' '}
      </>
    ) : null}
    {said(error)}
  </p>
)

function Outcome({ bench, found, old }: { bench: Bench; found: Found; old: boolean }) {
  if (!found.inputs.length && !found.not_reached.length) return <p class="mid gap-above">None of its runs has ended yet, so there is no input to try it on.</p>
  return (
    <div class="trial">
      {old && <p class="warn small">The files have changed since.</p>}
      {found.inputs.length > 1 && <p class="small">{inAll(found.inputs)}</p>}
      <table>
        <caption class="unseen">Issues before, and with the {bench.side}</caption>
        <Heads all={[['Input'], ['Before', 'figure'], ['Now', 'figure']]} />
        {changedFirst(found.inputs).map((tried) => (
          <TriedRow key={tried.run_id ?? tried.document_id} bench={bench} tried={tried} />
        ))}
      </table>
      {found.not_reached.length > 0 && (
        <p class="small dim gap-above">
          Not tried: {found.not_reached.map((tried) => tried.input).join(', ')}. The minute was up, or the file is gone.
        </p>
      )}
    </div>
  )
}

function TriedRow({ bench, tried }: { bench: Bench; tried: Tried }) {
  const told = differences(tried)
  const cells = tried.changes?.cells ?? []
  return (
    <tbody>
      <tr>
        <td class="cut" title={tried.input}>{tried.run_id ? <Link to={`/runs/${tried.run_id}`}><Name of={tried.input} /></Link> : <Name of={tried.input} />}</td>
        <td class="figure">{tried.metrics_before ? number(tried.metrics_before.issues) : tried.run_id ? 'no result' : '–'}</td>
        <td class="figure">{tried.error ? <Status of="failed">fails</Status> : number(tried.metrics?.issues ?? 0)}</td>
      </tr>
      <tr>
        <td colSpan={3}>
          {tried.error && <Place bench={bench} error={tried.error} />}
          {told.length > 0 ? (
            <Points all={told}>{({ sign, good, text }) => <><span class={good == null ? 'dim' : good ? 'ok' : 'bad'}>{sign}</span> <span class="break">{text}</span></>}</Points>
          ) : (
            !tried.error && <span class="dim">{tried.run_id ? 'comes out the same' : 'was not run before'}</span>
          )}
          {cells.length > 0 && (
            <details>
              <summary>
                {cells.length < tried.changes!.changed_cells ? `The first ${number(cells.length)} cells` : 'The cells'}
              </summary>
              <ul class="cells">
                {cells.map((cell) => (
                  <li key={`${cell.sheet} ${cell.row} ${cell.column}`}>
                    <span class="dim">
                      {cell.sheet}!{letters(cell.column)}
                      {cell.row}
                    </span>{' '}
                    <del>{cell.before || <i>empty</i>}</del> <ins>{cell.after || <i>empty</i>}</ins>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </td>
      </tr>
    </tbody>
  )
}
