// The differences between two versions of a configuration, or between a version and the draft; and publishing.
import { useEffect, useRef, useState } from 'preact/hooks'
import { get, hindrance, may, Problem, type Schemas } from '../api/client'
import { Ask, Block, Button, Choice, failed, Icon, listed, Loading, many, number, Segments, Separator, Status, title, toast, Trouble, useDoing, useKeys, useLoaded } from '../parts'
import { amend, go, query } from '../router'
import { textOf, type Bench } from './configs-bench'
import { HowFar, saveAndCheck } from './configs-one'
import { count, diffLines, hunksOf, otherPart, paired, parsePatch, type Hunk, type Line } from './patch'
import { Place, Trial } from './configs-trial'
import { configurations } from './start'

interface Compared {
  path: string
  note: string
  hunks: Hunk[] | null
}

const compared = (file: Schemas['ConfigurationFileDiff']): Compared => {
  const hunks = file.patch == null ? null : parsePatch(file.patch)
  const note = file.status === 'changed' ? (hunks ? many(Math.max(count(hunks, 'plus'), count(hunks, 'minus')), 'line differs', 'lines differ') : 'changed') : file.status
  return { path: file.path, note, hunks }
}

export function Compare({ bench }: { bench: Bench }) {
  if (bench.conflict.value) return <Conflict bench={bench} path={bench.conflict.value} />
  return <Sides bench={bench} />
}

function Sides({ bench }: { bench: Bench }) {
  const known = bench.known.value!
  const versions = [...(bench.versions.value ?? [])].sort((x, y) => y.version - x.version)
  const a = query.value.get('a') ?? String(known.active_version ?? versions[0]?.version ?? '')
  const b = query.value.get('b') ?? bench.side
  const { value, error, again } = useLoaded(
    async (abort) => (a ? (await get('/api/v1/configs/{config_id}/diff', { config_id: bench.id, from: a, to: b }, abort)).files.map(compared) : []),
    [bench.id, a, b, bench.digest],
  )
  const [layout, setLayout] = useState<'split' | 'unified'>(innerWidth < 640 ? 'unified' : 'split')
  const names: [string, string][] = [...versions.map((version): [string, string] => [String(version.version), `Version ${version.version}${version.status === 'active' ? ' (active)' : ''}, ${version.source_digest.slice(0, 8)}`]), [bench.side, known.uploaded ? 'Draft' : 'Folder']]
  const name = (side: string) => (side === bench.side ? `the ${bench.side}` : `version ${side}`)
  const side = (value: string, label: string, key: string) => <Choice label={label} value={value} all={names} onChange={(value) => amend({ [key]: value })} />
  const all = (value ?? []).flatMap((file) => file.hunks ?? [])
  return (
    <>
      <div class="tools" hidden={!versions.length}>
        {side(a, 'Left side', 'a')}
        <span class="dim"><Icon name="arrow" /></span>
        {side(b, 'Right side', 'b')}
        <span class="grow" />
        {value && value.length > 0 && (
          <span class="small">
            {many(value.length, 'file')}, <span class="ok">+{number(count(all, 'plus'))}</span> <span class="bad">−{number(count(all, 'minus'))}</span>
          </span>
        )}
        {value && value.length > 0 && (
          <span class="roomy">
            <Segments label="Layout" value={layout} onChange={setLayout} all={[['split', 'Split'], ['unified', 'Unified']]} />
          </span>
        )}
      </div>
      <Trouble error={error} again={again} />
      <div class="split flows">
        <Differences files={value} layout={layout} from={name(a)} to={name(b)}>
          {!a ? 'No version was published yet: there is nothing to compare the files with.' : `${title(name(a))} and ${name(b)} have the same files.`}
        </Differences>
        {b === bench.side && may('admin') && <Separator name="compare" label="Width of what changes" behind least={240} />}
        {b === bench.side && may('admin') && (
          <aside class="side" aria-label="What changes" tabIndex={0}>
            <Trial bench={bench} />
            <Before bench={bench} />
            <Publish bench={bench} />
          </aside>
        )}
      </div>
    </>
  )
}

function Differences({ files, layout, from, to, children }: { files: Compared[] | null; layout: 'split' | 'unified'; from: string; to: string; children: preact.ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null)
  const jump = (step: number) => {
    const places = [...(box.current?.querySelectorAll<HTMLElement>('tr.changes') ?? [])]
    const top = box.current!.scrollTop
    const at = step > 0 ? places.find((place) => place.offsetTop - 60 > top + 1) : places.findLast((place) => place.offsetTop - 60 < top - 1)
    if (at) box.current!.scrollTop = at.offsetTop - 60
  }
  useKeys({ n: () => jump(1), p: () => jump(-1) })
  return (
    <div class="scroller grow diff-box" ref={box} tabIndex={0} role="region" aria-label="Differences">
      {!files ? (
        <Loading />
      ) : !files.length ? (
        <div class="empty"><p class="mid">{children}</p></div>
      ) : (
        <table class="diff">
          <caption class="unseen">{from} beside {to}</caption>
          <colgroup>
            <col class="numbers" />
            {layout === 'split' && <col />}
            <col class="numbers" />
            <col />
          </colgroup>
          {files.map((file) => (
            <tbody key={file.path}>
              <tr class="file-head">
                <th colSpan={layout === 'split' ? 4 : 3} scope="rowgroup"><strong>{file.path}</strong> {file.note}</th>
              </tr>
              {file.hunks?.map((hunk, index) => (
                <>
                  {index > 0 && (
                    <tr class="skipped" aria-hidden="true"><td colSpan={layout === 'split' ? 4 : 3}>⋯</td></tr>
                  )}
                  {layout === 'split' ? <Split hunk={hunk} /> : <Unified hunk={hunk} />}
                </>
              ))}
              {!file.hunks && (
                <tr class="skipped">
                  <td colSpan={layout === 'split' ? 4 : 3}>Not a text file, or too long to show line by line.</td>
                </tr>
              )}
            </tbody>
          ))}
        </table>
      )}
    </div>
  )
}

/** A line, with the part that differs from its partner. */
function Text({ line, partner }: { line: Line | null; partner: Line | null }) {
  if (!line) return null
  const part = line.kind !== 'same' && partner ? otherPart(line.text, partner.text) : null
  if (!part) return <>{line.text}</>
  return (
    <>
      {line.text.slice(0, part[0])}
      <b>{line.text.slice(...part)}</b>
      {line.text.slice(part[1])}
    </>
  )
}

const kindOf = (line: Line | null) => (!line ? 'none' : line.kind === 'same' ? '' : line.kind)

const Split = ({ hunk }: { hunk: Hunk }) => (
  <>
    {paired(hunk).map(([left, right], index, rows) => (
      <tr key={index} class={left?.kind !== 'same' && (!index || rows[index - 1][0]?.kind === 'same') ? 'changes' : ''}>
        {([[left, right, left?.a, 'removed: '], [right, left, right?.b, 'added: ']] as const).map(([line, partner, place, said]) => (
          <>
            <td class={`ln ${kindOf(line)}`}>{place || ''}</td>
            <td class={kindOf(line)}>
              {line && line.kind !== 'same' && <span class="unseen">{said}</span>}
              <Text line={line} partner={partner} />
            </td>
          </>
        ))}
      </tr>
    ))}
  </>
)

export const Unified = ({ hunk }: { hunk: Hunk }) => (
  <>
    {hunk.map((line, index) => {
      const kind = kindOf(line)
      return (
        <tr key={index} class={kind && hunk[index - 1]?.kind === 'same' ? 'changes' : ''}>
          <td class={`ln ${kind}`}>{line.a || ''}</td>
          <td class={`ln ${kind}`}>{line.b || ''}</td>
          <td class={kind}>
            <span class="sign">{{ minus: '−', plus: '+', same: ' ' }[line.kind]}</span>
            {line.text}
          </td>
        </tr>
      )
    })}
  </>
)

/** The review before publishing. */
function Before({ bench }: { bench: Bench }) {
  const checking = bench.checking.value
  const check = bench.check.value
  useEffect(() => {
    if (checking.state === 'none' && bench.files.peek()!.length) bench.runCheck()
  }, [checking.state])
  const unsaved = bench.edits.value.size
  const dependencies = ['pyproject.toml', 'ade.lock'].some((path) => bench.changed.value.has(path))
  const registered = check ? (['fields', 'hooks'] as const).flatMap((name) => (check.registered[name] ? [many(check.registered[name], name.slice(0, -1))] : [])) : []
  return (
    <Block title="Before publishing">
      <ul class="reasons small" aria-live="polite">
        {unsaved > 0 && (
          <li>
            <Status of="warned">{many(unsaved, 'file')} not saved</Status>{' '}
            <Button onClick={() => saveAndCheck(bench)}>Save, check</Button>
          </li>
        )}
        <li>
          <HowFar of={checking} /> {checking.state === 'failed' && <span class="mid">{listed([checking.error.message, checking.error.hint], ' ')}</span>}
          {check?.loads && <Status of="succeeded">Loads{registered.length > 0 && `: ${registered.join(', ')}`}</Status>}
          {check?.error && (
            <>
              <Status of="failed">Does not load</Status>
              <Place bench={bench} error={check.error} />
            </>
          )}
        </li>
        {check?.warnings.map((text) => (
          <li key={text} class="mid break"><Status of="warned">Warning</Status> {text}</li>
        ))}
        {bench.known.value!.active_version != null && (
          <li>{dependencies ? <Status of="queued">Other dependencies: a new environment</Status> : <Status of="succeeded">Same dependencies</Status>}</li>
        )}
      </ul>
    </Block>
  )
}

function Publish({ bench }: { bench: Bench }) {
  const known = bench.known.value!
  const next = Math.max(0, ...(bench.versions.value ?? []).map((version) => version.version)) + 1
  const { doing, error, during } = useDoing()
  const refused = error as Problem | null
  const [forcing, force] = useState(false)
  const { value: all } = useLoaded(configurations, [])
  const same = known.active_version != null && !bench.changed.value.size
  const unsaved = bench.edits.value.size > 0
  const why = hindrance('admin') || (!bench.files.value!.length ? 'It has no files yet.' : unsaved ? 'Save first.' : same ? `Version ${known.active_version} has these files already.` : '')
  const publish = (forced: boolean) => {
    force(false)
    if (doing || why) return
    during('Publishing…', async () => {
      // If somebody changed the files, they are shown again and the user is asked again.
      const made = await bench.publish(forced).catch(async (error: Problem) => {
        if (error.status === 412) await bench.load()
        throw error
      })
      toast(`Version ${made.version} of ${known.name} is ${made.status}.`)
      await bench.load()
      go(`/configs/${bench.id}/versions${location.search}`)
    })
  }
  return (
    <div class="block">
      <h2>Publish version {next}</h2>
      <p class="mid">
        It becomes active at once{known.active_version != null && `, and version ${known.active_version} is archived`}. Waiting and running runs keep {known.active_version != null ? 'the version' : 'what'} they were queued with.
        {!known.uploaded && ' Runs over the API use it then, and no longer the folder.'}
        {all && !all.some((item) => item.default) && ` The workspace has no default configuration yet: ${known.name} becomes the default, and runs that name none use it.`}
      </p>
      {refused && (
        <div class="refused small" role="alert">
          <strong>{refused.status === 412 ? 'The files were changed in the meantime.' : refused.error ? 'Not published: it does not load.' : refused.message}</strong>
          <p class="mid">{refused.status === 412 ? 'They are shown as they are now: look, then publish.' : !refused.error && refused.hint}</p>
          {refused.error && <Place bench={bench} error={refused.error} />}
        </div>
      )}
      <p class="flow gap-above wrap">
        <Button kind="filled" aria-disabled={!!why || !!doing} aria-describedby="why-no-version" onClick={() => publish(false)}>
          {doing || `Publish version ${next}`}
        </Button>
        {refused && /config_invalid|environment_/.test(refused.code) && <Button kind="danger" onClick={() => force(true)}>Publish anyway…</Button>}
        <span class="small dim" id="why-no-version">{why}</span>
      </p>
      {forcing && (
        <Ask title={`Publish version ${next} although it was refused?`} keep={`Keep the ${bench.side}`} does="Publish anyway" onKeep={() => force(false)} onDo={() => publish(true)}>
          <p>From then on runs use it, and fail if it does not load. You can make an earlier version active again.</p>
          {refused?.error && <Place bench={bench} error={refused.error} />}
        </Ask>
      )}
    </div>
  )
}

/** A file that somebody else saved while it was edited here. */
function Conflict({ bench, path }: { bench: Bench; path: string }) {
  const mine = bench.edits.value.get(path)
  const { value, error, again } = useLoaded(() => textOf(bench.id, path).catch((error: Problem) => {
    if (error.status !== 404) throw error
    return { text: '', etag: '', size: 0 }
  }), [path])
  const back = () => {
    bench.conflict.value = null
    go(`/configs/${bench.id}/files?file=${encodeURIComponent(path)}`)
  }
  const theirs = () => {
    bench.edit(path, null)
    bench.turns.value++
    back()
  }
  const keep = async () => {
    if (!value) return
    bench.read(path, value.text ?? '', value.etag || null)
    try {
      if (!(await bench.save())) return again()
      back()
      bench.runCheck()
    } catch (error) {
      failed(error)
    }
  }
  if (mine == null) return <Trouble error={new Problem(0, '', 'Nothing of this file waits to be saved any more.')} again={back} />
  const hunks = value?.text != null ? hunksOf(diffLines(value.text, mine)) : null
  return (
    <>
      <div class="notice small warning">
        <Icon name="warning" />
        <span class="grow">
          <strong>Somebody else {value && !value.etag ? 'deleted' : 'saved'} {path} while you edited it.</strong> Left: as it is on the server. Right: what you wrote. Nothing was overwritten.
        </span>
        <Button onClick={theirs}>Use theirs</Button>
        <Button onClick={keep}>Overwrite with mine</Button>
        <Button kind="quiet" onClick={back}>Go on editing</Button>
      </div>
      <Trouble error={error} again={again} />
      <div class="split">
        <Differences files={value ? [{ path, note: hunks ? '' : 'no text', hunks }] : null} layout={innerWidth < 640 ? 'unified' : 'split'} from="as it is on the server" to="what you wrote">
          {''}
        </Differences>
      </div>
    </>
  )
}
