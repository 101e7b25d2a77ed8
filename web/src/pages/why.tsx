// The panel Why: a cell and its partner, their issues, and the decisions behind them.
import { useEffect, useState } from 'preact/hooks'
import { get, may, type Run } from '../api/client'
import { about, Advice, Block, Button, CopyButton, fieldsOf, letters, Link, many, missing, number, plainly, Points, quoted, short } from '../parts'
import type { Cell } from '../grid/pane'
import { spot, type ExplainedColumn, type Issue, type Place, type Table } from './explained'
import { fixing } from './fix'
import { PlaceOf } from './place-of'
import type { View } from './result'
import { isAt } from './result-walk'

/** The number of tables whose decisions the engine keeps. */
const MOST_TABLES = 200

const nameOf = (cell: Cell) => `${letters(cell.column)}${cell.row}`

export function Why({ run, asked: { sheet }, scene, rows: { chosen: cell, partner, current: table }, loaded: { explained }, found, walk, valueOf }: View) {
  const partnerSheet = scene?.partner ?? null
  /** Whether it is known which rows belong together. */
  const known = !!scene?.segments && !scene.segments.some((segment) => segment.unknown)
  // The issues of the selected cell, or of the whole sheet if none is selected.
  const issues = found.issues.filter((issue) => (cell ? isAt(issue, cell, sheet) : issue.sheet === sheet && !spot(issue, 'input')))
  const currentIssue = found.issues[walk.at] ?? null
  const total = found.issues.length + found.more
  const [placed, setPlaced] = useState<Place | null>(null)
  const where = cell && (cell.side === 'input' ? sheet : partnerSheet)
  const name = cell && nameOf(cell)
  useEffect(() => {
    setPlaced(null)
    if (!cell || !where) return
    about.value = { ...about.value, command: `ade explain ${short(run.id)} --cell ${quoted(`${where}!${name}`)}${cell.side === 'output' ? ' --output' : ''}` }
    const abort = new AbortController()
    const timer = setTimeout(() => {
      const asked = get('/api/v1/runs/{id}/explain', { id: run.id, side: cell.side, sheet: where, cell: name }, abort.signal)
      asked.then((found) => setPlaced(found.places[0] ?? null), () => {})
    }, 150)
    return () => (clearTimeout(timer), abort.abort())
  }, [name, where, cell?.side])

  const input = cell?.side === 'input' ? cell : partner
  const output = cell?.side === 'output' ? cell : partner
  const column = input && table?.columns.find((column) => column.column === letters(input.column))
  const written = output && table?.output?.columns.find((column) => column.column === letters(output.column))
  const field = column?.field ?? written?.field
  const steps = table?.fields.find((candidate) => candidate.field === field)
  const read = (explained?.readings ?? []).filter((candidate) => candidate.sheet === sheet && (candidate.table == null || candidate.table + 1 === table?.table) && (column ? candidate.column === column.column : candidate.field === field))
  const notices = (explained?.notices ?? []).filter((notice) => !notice.sheet || notice.sheet === sheet)
  const number_ = walk.at >= 0 && <span class="small dim">issue {number(walk.at + 1)} of {number(total)}</span>
  return (
    <aside class="side" aria-label="Why" tabIndex={0}>
      {!table && partnerSheet && explained && explained.tables.length >= MOST_TABLES && (
        <Block title="No decisions recorded for this sheet">
          <p class="mid">A run records its decisions for the first {MOST_TABLES} tables. The rows of this sheet were read and written like the others.</p>
        </Block>
      )}
      {!cell ? (
        <>
          <Lost run={run} tables={explained?.tables ?? []} />
          <Block title={total ? many(total, 'issue') : !found.busy && 'No issues'}>
            <p class="mid">
              {total ? (
                <>
                  <kbd>n</kbd> goes to the first. Choose any cell to see its result, and why.
                </>
              ) : (
                'Choose any cell to see what became of it, and why.'
              )}
            </p>
          </Block>
          {issues.length > 0 && (
            <div class="block">
              <div class="flow">
                <h2 class="grow">Of the whole sheet</h2>
                {number_}
              </div>
              <Issues run={run} issues={issues} current={currentIssue} />
            </div>
          )}
          <Points title="What was noticed" all={notices.slice(0, 30)} tone={({ level }) => (level === 'warning' ? 'warn' : 'mid')}>{({ message }) => <Advice text={message} instead={/`ade fix`/.test(message) && may('admin') && <Button onClick={() => (fixing.value = run)}>Which columns are they?…</Button>} />}</Points>
        </>
      ) : (
        <>
          <div class="block">
            <div class="flow">
              <h2 class="grow cut"><bdi>{plainly(where)}</bdi>!{name}</h2>
              {number_}
              {total > 0 && (
                <span class="narrow flow">
                  <Button icon="up" kind="square" aria-label="Previous issue" onClick={() => walk.step(-1)} />
                  <Button icon="down" kind="square" aria-label="Next issue" onClick={() => walk.step(1)} />
                </span>
              )}
            </div>
            <div class="pair">
              <Value of="Sender’s" cell={input} value={input && valueOf(input)} none={known ? 'no cell' : 'not known'} />
              <span aria-hidden="true">→</span>
              <Value of="Normalized" cell={output} value={output && valueOf(output)} none={known ? 'not written' : 'not known'} />
            </div>
            <Issues run={run} issues={issues} current={issues.length > 1 ? currentIssue : null} />
          </div>
          {column && <ColumnWhy run={run} column={column} table={table!} />}
          {!column && written && (
            <div class="block">
              <h2>“{written.header}”</h2>
              <p class="mid small">No column of the sender’s became this one: {written.field ? `no column was taken for ${written.field}` : 'ADE or a hook made it'}.</p>
            </div>
          )}
          <Points title="How its values were read" all={read} tone={(candidate) => (candidate.ambiguous ? 'warn' : 'mid')}>{(candidate) => candidate.message}</Points>
          {steps && (
            <Points title="What was done to it" all={[...steps.transforms.map((transform) => [transform, 'cleaned']), ...steps.validators.map((validator) => [validator, 'checked'])]}>
              {([candidate, does]) => <><PlaceOf run={run} name={candidate} /> <span class="dim">{does}</span></>}
            </Points>
          )}
          <Points title={`Why row ${(input ?? cell).row} was read this way`} kind="mid" all={placed?.why ?? []}>{(reason) => reason}</Points>
          <div class="block">
            <Link class="small" to={`/runs/${run.id}/explain?sheet=${encodeURIComponent(sheet)}${column ? `&column=${column.column}` : ''}`}>
              Every column of this sheet
            </Link>
          </div>
        </>
      )}
      <span class="unseen" role="status">
        {cell && partner ? `${partner.side === 'output' ? 'normalized' : 'sender’s'} row ${partner.row}: ${valueOf(partner) ?? 'empty'}` : ''}
      </span>
    </aside>
  )
}

/** Shows a cell's value; `none` is shown if there is no cell. */
function Value({ of, cell, value, none }: { of: string; cell: Cell | null; value: unknown; none: string }) {
  const text = String(value ?? '')
  return (
    <div>
      <small>{of}{cell && `, ${nameOf(cell)}`}</small>
      <code tabIndex={text.length > 100 ? 0 : undefined}>
        {text.slice(0, 1000) || <em class="dim">{cell ? 'empty' : none}</em>}
        {text.length > 1000 && <>… <em class="dim">{number(text.length)} characters</em></>}
      </code>
    </div>
  )
}

/** Shows the fields without a column, and the nearest columns. */
function Lost({ run, tables }: { run: Run; tables: Table[] }) {
  const lost = missing(run)
  if (!lost.length) return null
  const unclaimed = tables.flatMap(({ sheet, columns }) => columns.filter((column) => !column.field && column.name.trim()).map((column) => ({ sheet, column })))
  const near = (field: string) => tables.flatMap(({ sheet, columns }) => columns.filter((column) => column.second?.field === field || column.nearest?.field === field).map((column) => ({ sheet, column })))
  const columnsOf = (all: typeof unclaimed) =>
    all.map(({ sheet, column }, index) => (
      <>
        {index > 0 && ', '}
        <Link to={`/runs/${run.id}/explain?sheet=${encodeURIComponent(sheet)}&column=${column.column}`}>
          {column.column} <bdi>{`“${plainly(column.name)}”`}</bdi>
        </Link>
        {column.field && <span class="mid"> (went to {column.field})</span>}
      </>
    ))
  return (
    <Block title={fieldsOf(run.metrics!)}>
      <p class="mid small">Fields without a column, and the nearest columns:</p>
      <Points all={lost}>
        {(field) => (
          <>
            <PlaceOf run={run} name={`Field('${field}')`}><code>{field}</code></PlaceOf>
            {near(field).length ? ': ' : <span class="dim">: no column</span>}
            {columnsOf(near(field))}
          </>
        )}
      </Points>
      {unclaimed.length > 0 && <p class="small gap-above">Columns without a field: {columnsOf(unclaimed.slice(0, 20))}{unclaimed.length > 20 && ', …'}</p>}
      {may('admin') && unclaimed.length > 0 && <p class="gap-above"><Button onClick={() => (fixing.value = run)}>Which columns are they?… <kbd class="roomy">m</kbd></Button></p>}
    </Block>
  )
}

const Issues = ({ run, issues, current }: { run: Run; issues: Issue[]; current: Issue | null }) => (
  <>
    {issues.slice(0, 50).map((issue, index) => (
      <p key={index} class={`gap-above small ${issue === current ? 'current-issue' : ''}`}>
        <span class={`chip ${issue.severity}`}>{issue.severity}</span> {!issue.cell && issue.label && <strong>{issue.label}: </strong>}
        {issue.message}
        <br />
        <span class="dim">rule <PlaceOf run={run} name={issue.rule} /></span>
      </p>
    ))}
  </>
)

/** Shows why a column has its field or none: candidates with scores, and the detectors that gave them. */
export function ColumnWhy({ run, column, table }: { run: Run; column: ExplainedColumn; table: Table }) {
  const others = table.columns.filter((candidate) => candidate !== column && column.wanted_by.includes(candidate.column))
  const candidates: [string, number, boolean][] = []
  if (column.field) candidates.push([column.field, column.score ?? 0, true])
  if (column.second && column.second.field !== column.field) candidates.push([column.second.field, column.second.score ?? 0, false])
  const parts = column.by.map(({ detector, score }) => [detector, score ?? 0] as const)
  const most = Math.max(1, ...candidates.map(([, score]) => score))
  // Bars of equal length show nothing.
  const alike = candidates.every(([, score]) => score.toFixed(2) === '1.00')
  return (
    <>
      <div class="block">
        <h2>Why {column.column} {column.field ? <>is <code>{column.field}</code></> : 'has no field'}</h2>
        <p class="mid small">
          Header “{column.name}”{column.header_cells.length ? ` in ${column.header_cells.join(', ')}` : ''}. {!column.field && `Reason: ${column.unmapped_because}.`}
        </p>
        {candidates.length > 0 && (
          <div class="candidates gap-above">
            {candidates.map(([field, score, won]) => (
              <>
                <code class={`cut ${won ? '' : 'dim'}`} title={field}>{field}</code>
                {alike ? (
                  <span />
                ) : won && column.by.length > 1 ? (
                  <span class="stacked" role="img" aria-label={`${field} ${score.toFixed(2)}`}>
                    {parts.map(([detector, score]) => score > 0 && <span key={detector} title={`${detector} ${score.toFixed(2)}`} style={{ width: `${(score / most) * 100}%` }} />)}
                  </span>
                ) : (
                  <progress class={won ? '' : 'other'} max={most} value={score} aria-label={`${field} ${score.toFixed(2)}`} />
                )}
                <span class={won ? '' : 'dim'}>{score.toFixed(2)}</span>
              </>
            ))}
          </div>
        )}
        <p class="dim small gap-above">
          {column.field && `${column.why.length ? `Chosen by ${column.why.join('; ')}. ` : ''}${column.second ? `The next best field is ${((column.score ?? 0) - (column.second.score ?? 0)).toFixed(2)} behind.` : 'No other field scored.'}`}
          {!column.field && column.why.length > 0 && `${column.why.join('; ')}.`}{' '}
          {others.length > 0 ? `Other fields that fit: ${others.map((other) => `${other.column} “${other.name}”`).join(', ')}.` : column.field && `No other column fits it.`}
        </p>
      </div>
      {!column.field && column.nearest?.suggestion && (
        <div class="block">
          <h2>
            If it is <PlaceOf run={run} name={`Field('${column.nearest.field}')`}><code>{column.nearest.field}</code></PlaceOf>
          </h2>
          <p class="mid small">To use it:</p>
          <div class="terminal flow">
            <code class="grow break">{column.nearest.suggestion}</code>
            <CopyButton text={column.nearest.suggestion} label="Copy the suggestion" />
          </div>
        </div>
      )}
      <Points title="The score" all={parts} tone={() => 'flow'}>{([detector, score]) => <><span class="grow break"><PlaceOf run={run} name={detector} /></span>{score.toFixed(2)}</>}</Points>
    </>
  )
}
