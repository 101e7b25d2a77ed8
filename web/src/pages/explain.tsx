// Every decision about the columns and rows of a run's input.
import { useState } from 'preact/hooks'
import { type Run } from '../api/client'
import { about, Block, Choice, type Column, Link, Loading, many, moves, Nothing, plainly, quoted, Records, Segments, Separator, short, Trouble, useGot, useKeys } from '../parts'
import { amend, go, query } from '../router'
import type { ExplainedColumn, Table } from './explained'
import { ColumnWhy } from './why'
import { useEffect } from 'preact/hooks'

export function Explain({ run }: { run: Run }) {
  const { value, error, again } = useGot('/api/v1/runs/{id}/explain', { id: run.id }, [run.status])
  const [kind, setKind] = useState('')
  const sheets = [...new Set(value?.tables.map((table) => table.sheet))]
  const asked = query.value.get('sheet')
  const sheet = sheets.find((name) => name === asked) ?? sheets[0]
  const tables = value?.tables.filter((table) => table.sheet === sheet) ?? []
  const all = tables.flatMap((table) => table.columns.map((column) => ({ table, column })))
  const letter = query.value.get('column')
  const number = Number(query.value.get('table')) || null
  const chosen = all.find(({ table, column }) => column.column === letter && (!number || table.table === number)) ?? all[0]
  const choose = (table: Table, column: string) => amend({ sheet: table.sheet, column, table: tables.length > 1 ? String(table.table) : null })
  const move = (step: number) => {
    const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(chosen) + step))]
    if (next) choose(next.table, next.column.column)
  }
  useKeys({
    ...moves(move),
    o: () => chosen && go(`/runs/${run.id}/result?sheet=${encodeURIComponent(sheet)}&cell=${chosen.column.column}${chosen.table.header_rows?.rows.at(-1) ?? 1}`),
  })
  useEffect(() => {
    if (chosen) about.value = { ...about.value, command: `ade explain ${short(run.id)} --sheet ${quoted(sheet)} --column ${chosen.column.column}` }
  }, [sheet, chosen?.column.column])
  if ((error as { code?: string } | null)?.code === 'no_explanation' && !value)
    return run.status === 'succeeded' ? (
      <Nothing title="Nothing to explain">No table was found in {plainly(run.input.name)}: a table has a row of headers, and rows of values below it.</Nothing>
    ) : (
      <Nothing title="Nothing to explain">
        The run {run.status === 'failed' ? 'failed' : run.status === 'cancelled' ? 'was cancelled' : 'has not got that far: it records'} {run.completed_at ? 'before it had recorded how it read its tables. ' : 'how it read its tables when it has ended. '}
        <Link to={`/runs/${run.id}/log`}>Its log</Link> says what happened.
      </Nothing>
    )
  if (error != null && !value) return <Trouble error={error} again={again} />
  if (!value) return <Loading />
  if (!sheet) return <p class="empty">No table was found in {run.input.name}, so there is nothing to explain.</p>
  const rows = value.rows.filter((row) => row.sheet === sheet && (!kind || row.kind === kind))
  return (
    <>
      <div class="tools">
        <Segments label="Sheet" value={sheet} onChange={(sheet) => amend({ sheet, column: null, table: null })} all={sheets.map((name): [string, string] => [name, plainly(name)])} />
        <span class="grow" />
        <span class="small dim wide-only">
          {many(tables.length, 'table')}, {many(all.filter(({ column }) => column.field).length, 'column')} with a field, {all.filter(({ column }) => !column.field).length} without
        </span>
      </div>
      <div class="split">
        <div class="pane grow scroller">
          {tables.map((table) => (
            <TableOf key={table.table} table={table} chosen={chosen.column === undefined ? '' : chosen.table === table ? chosen.column.column : ''} onChoose={(column) => choose(table, column)} />
          ))}
          <div class="pane-title mid">
            <h2>Why rows were read this way</h2>
            <span class="grow" />
            <Choice label="Kind of row" value={kind} none="All kinds" all={[...new Set(value.rows.filter((row) => row.sheet === sheet).map((row) => row.kind ?? ''))]} onChange={setKind} />
          </div>
          <Records
            of="Rows and what they were read as"
            all={rows.slice(0, 500)}
            id={(row) => row.row ?? 0}
            columns={[
              ['Row', 'figure mono', (row) => row.row],
              ['Read as', '', (row) => (row.kind === 'header' ? <strong>header</strong> : row.kind)],
              ['Because', 'mid small long', (row) => row.message.replace(/^row \d+, /, ''), (row) => row.message],
            ]}
          />
          {rows.length > 500 && <p class="padded dim small">The first 500 of {many(rows.length, 'row')}.</p>}
        </div>
        <Separator name="explain" label="Width of why" behind least={220} />
        <aside class="side" aria-label="Why this column" tabIndex={0}>
          {chosen && <ColumnWhy run={run} column={chosen.column} table={chosen.table} />}
          {chosen && !chosen.column.field && (
            <Block title="What you can do">
              <p class="mid small">
                A field of its own keeps these values; so does the header among the words of a field that is there. A suggestion; ADE never applies one by itself:
              </p>
              <div class="terminal">{`Field("${chosen.column.name.trim().toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '_').replace(/^_|_$/g, '') || 'name'}",\n  headers=["${chosen.column.name.trim()}"])`}</div>
            </Block>
          )}
        </aside>
      </div>
    </>
  )
}

function TableOf({ table, chosen, onChoose }: { table: Table; chosen: string; onChoose: (column: string) => void }) {
  const scoreOf = (column: ExplainedColumn) => column.score ?? column.second?.score ?? 0
  const most = Math.max(1, ...table.columns.map(scoreOf))
  // Full or empty bars would repeat the figures.
  const isBare = table.columns.every((column) => /^[01]\.00$/.test(scoreOf(column).toFixed(2)))
  return (
    <>
      <div class="pane-title mid">
        <h2>Columns of table {table.table}, {table.region}</h2>
        <span class="cut">{table.header_rows?.why[0]}</span>
      </div>
      <Records
        of={`Columns of table ${table.table}`}
        all={table.columns}
        id={(column) => column.column}
        line={({ column }) => ({ class: column === chosen ? 'chosen' : '', onClick: () => onChoose(column) })}
        columns={[
          ['(Column)', 'mono dim', (column) => column.column],
          ['Header', 'name', ({ column, name }) => <button type="button" class="plain" onClick={() => onChoose(column)}>{name.trim() || <em class="dim">empty</em>}</button>],
          ['Field', '', ({ field, unmapped_because }) => (field ? <code>{field}</code> : <><span class="chip">no field</span> <span class="small dim">{unmapped_because}</span></>)],
          ['Score', 'figure', (column) => <span class={column.field ? '' : 'dim'}>{scoreOf(column).toFixed(2)}</span>],
          ...(isBare ? [] : [['(Score as a bar)', 'roomy meter', (column) => <progress class={column.field ? '' : 'other'} max={most} value={scoreOf(column)} aria-label={`Score ${scoreOf(column).toFixed(2)}`} />] as Column<ExplainedColumn>]),
          ['Because', 'mid small long wide-only', (column) => column.why.join('; '), (column) => column.why.join('; ')],
        ]}
      />
    </>
  )
}
