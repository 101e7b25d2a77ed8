// Compares a run with an earlier one, such as last month's: layout, headers, issues, rows by key, totals.
import type { ComponentChildren } from 'preact'
import { get, type Problem, type Run, type Schemas } from '../api/client'
import { about, Choice, type Column, Link, Loading, many, Name, Nothing, number, plainly, Points, Records, short, stamp, Trouble, useGot, useLoaded } from '../parts'
import { amend, inAddress } from '../router'
import { useEffect } from 'preact/hooks'

type Found = Schemas['RunDifference']
interface Changed {
  what: string
  before: string | number
  after: string | number
}

const said = (value: string | number, cents: boolean) => (typeof value === 'number' ? value.toLocaleString('en', cents ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : {}) : value === '' ? <em class="dim">none</em> : plainly(value))

const senderOf = (run: Run) => run.input.name.replace(/\.[^.]*$|[\d\W_]+/g, '').toLowerCase()

export function Compare({ run }: { run: Run }) {
  const since = inAddress('with')
  const key = inAddress('key')
  const { value, error, again } = useLoaded((abort) => get('/api/v1/runs/{id}/difference', { id: run.id, since, key }, abort).then((found) => ({ found, of: `${since} ${key}` })), [run.id, since, key])
  const others = useGot('/api/v1/runs', { workspace: run.workspace_id, configuration: run.configuration_id, status: 'succeeded', limit: 200 })
  const found = value?.of === `${since} ${key}` ? value.found : null
  const before = found?.run_ids?.[0]
  useEffect(() => {
    if (before) about.value = { ...about.value, command: `ade runs diff ${short(before)} ${short(run.id)}${key && ` --key ${key}`}` }
  }, [before, key])
  // Runs of this sender come first, whose file names differ only in numbers; both groups newest first.
  const isOther = (other: Run) => Number(senderOf(other) !== senderOf(run))
  const sorted = (others.value?.items ?? []).filter((other) => other.id !== run.id).sort((a, b) => isOther(a) - isOther(b))
  const all = [['sender', 'The last file of its sender'], ...sorted.map((other) => [other.id, `${plainly(other.input.name)}, ${stamp(other.created_at)}`])] as [string, string][]
  return (
    <>
      <div class="tools">
        <Choice label="Compared with" value={since} none="Its previous run" all={since && !all.some(([id]) => id === since) ? [[since, `Run ${short(since)}`], ...all] : all} onChange={(id) => amend({ with: id })} />
        <Choice label="Rows belong together by" value={key} none={`By ${found?.rows.key && !key ? found.rows.key : 'its key'}`} all={found?.rows.columns ?? (key ? [key] : [])} onChange={(key) => amend({ key })} />
        {found && <span class="small dim cut">since <Link to={`/runs/${before}`}><Name of={found.before} /></Link></span>}
      </div>
      {(error as Problem | null)?.code === 'run_not_found' ? (
        <Nothing title="No earlier run to compare with">Neither this file nor another of its sender was run well before with {run.configuration_name}. Choose another run above.</Nothing>
      ) : error != null ? (
        <Trouble error={error} again={again} />
      ) : !found ? (
        <Loading />
      ) : (
        <div class="scroller grow" tabIndex={0} role="region" aria-label="What differs">
          <Layout all={found.layout} />
          <Changes title="Headers of fields" what="Field" all={found.mapping} />
          <Changes title="Totals" what="Column" all={found.totals} cents />
          <Rows rows={found.rows} />
          <Changes title="Issues by rule" what="Rule" all={found.issues} />
          <Changes title="Counts" what="What" all={found.counts} />
          <Changes title="Versions and settings" what="What" all={found.versions} />
        </div>
      )}
    </>
  )
}

const Part = ({ title, say, children }: { title: string; say: ComponentChildren; children?: ComponentChildren }) => (
  <section aria-label={title}>
    <div class="pane-title mid">
      <h2>{title}</h2>
      <span class="cut">{say}</span>
    </div>
    {children}
  </section>
)

const Layout = ({ all }: { all: Found['layout'] }) => (
  <Part title="Layout of the file" say={!all ? 'not known of one of the two: an older engine recorded none' : all.length ? `${many(all.filter((item) => item.matters).length, 'difference')} that may matter` : 'the same'}>
    {all && all.length > 0 && (
      <Points kind="padded" all={all} tone={(change) => (change.matters ? 'warn' : 'mid')}>{({ sheet, message }) => <>{sheet && <span class="dim"><Name of={sheet} />: </span>}{message}</>}</Points>
    )}
  </Part>
)

function Changes({ title, what, all, cents }: { title: string; what: string; all: Changed[]; cents?: boolean }) {
  const differ = all.filter((item) => item.before !== item.after)
  if (!all.length) return <Part title={title} say="the same" />
  const figure = typeof all[0].before === 'number' ? 'figure' : ''
  return (
    <Part title={title} say={`${number(differ.length)} of ${number(all.length)} differ`}>
      <Records
        of={title}
        kind="fixed"
        all={all}
        id={(row) => row.what}
        line={(row) => ({ class: row.before === row.after ? 'dim' : '' })}
        columns={[
          [what, 'break', (row) => plainly(row.what)],
          ['Before', `break ${figure}`, (row) => said(row.before, !!cents)],
          ['Now', `break ${figure}`, ({ before, after }) => (before === after ? said(after, !!cents) : <strong>{said(after, !!cents)}</strong>)],
          ...(figure ? [['More', 'figure roomy', ({ before, after }) => before !== after && <>{Number(after) > Number(before) && '+'}{said(Number(after) - Number(before), !!cents)}</>] as Column<Changed>] : []),
        ]}
      />
    </Part>
  )
}

function Rows({ rows }: { rows: Found['rows'] }) {
  const listed = [[`New: ${number(rows.added)}`, 'ok', rows.added_rows], [`Gone: ${number(rows.gone)}`, 'bad', rows.gone_rows], ['New columns', 'ok', rows.added_columns], ['Columns that are gone', 'bad', rows.gone_columns]].filter(([, , names]) => names.length) as [string, string, string[]][]
  return (
    <Part title="Rows" say={`${number(rows.before)} before, ${number(rows.after)} now: ${number(rows.added)} new, ${number(rows.gone)} gone, ${number(rows.changed)} changed, ${rows.key ? `by ${rows.key}` : 'compared by position: no field is a key'}`}>
      {listed.length > 0 && (
        <Points kind="padded" all={listed} tone={() => 'break'}>{([title, kind, names]) => <><span class={kind}>{title}</span> <span class="mid">{names.map(plainly).join(', ')}{names.length === 100 && ', …'}</span></>}</Points>
      )}
      {rows.cells.length > 0 && (
        <Records
          of="Changed cells"
          kind="fixed"
          all={rows.cells}
          id={(cell) => `${cell.row} ${cell.column}`}
          columns={[
            ['Row', 'cut', (cell) => plainly(cell.row)],
            ['Column', 'mid cut', (cell) => cell.column],
            ['Before', 'break', (cell) => said(cell.before, false)],
            ['Now', 'break', (cell) => <strong>{said(cell.after, false)}</strong>],
          ]}
        />
      )}
      {rows.changed_cells > rows.cells.length && <p class="padded dim small">The first {number(rows.cells.length)} of {many(rows.changed_cells, 'cell')}.</p>}
    </Part>
  )
}
