// The data of a sheet's grids: the sheets of both sides, the row map, and the column widths.
import { useEffect, useState } from 'preact/hooks'
import { all, get, type Run, type Schemas } from '../api/client'
import { widthOf } from '../grid/pane'
import { hindrance, partnerSheet, type Segment } from '../grid/lines'
import type { Side, Windows } from '../grid/windows'
import { query } from '../router'
import type { Explained } from './explained'

export type Mode = 'both' | 'input' | 'output' | 'issues'

export interface Loaded {
  input: Schemas['Sheet'][]
  output: Schemas['Sheet'][]
  explained: Explained | null
}

export async function load(id: string): Promise<Loaded> {
  const [input, output, explained] = await Promise.all([
    get('/api/v1/runs/{id}/sheets', { id, side: 'input' }),
    get('/api/v1/runs/{id}/sheets', { id, side: 'output' }),
    get('/api/v1/runs/{id}/explain', { id }).catch(() => null),
  ])
  return { input: input.sheets, output: output.sheets, explained }
}

/** The sheet and the sides that the address requests. `own`: output sheets that come from no input sheet. */
export function askedOf({ input, output, explained }: Loaded, narrow: boolean) {
  const seen = input.filter((sheet) => sheet.rows != null)
  const read = new Set(explained?.tables.map((table) => table.sheet))
  const own = output.filter((sheet) => !seen.some((candidate) => candidate.name === sheet.name))
  const asked = query.value.get('sheet')
  const isOwn = query.value.get('side') === 'output' && own.some((sheet) => sheet.name === asked)
  const sheet = isOwn ? asked! : (seen.find((candidate) => candidate.name === asked) ?? seen.find((candidate) => read.has(candidate.name)) ?? seen[0] ?? { name: '' }).name
  const wanted = (query.value.get('view') ?? 'both') as Mode
  const mode: Mode = isOwn ? 'output' : narrow && wanted === 'both' ? 'input' : wanted
  return { seen, own, sheet, isOwn, mode }
}
export type Asked = ReturnType<typeof askedOf>

export interface Scene {
  sheet: string
  partner: string | null
  segments: Segment[] | null
  /** The reason that rows can't be aligned; empty if they can. */
  why: string
  widths: Record<Side, number[]>
}

async function segmentsOf(id: string, sheet: string): Promise<Segment[] | null> {
  let known = true
  const found = await all('/api/v1/runs/{id}/rows', { id, side: 'input', sheet, limit: 10_000 }, ({ segments }) => segments ?? ((known = false), []))
  return known ? found : null
}

/** The map of a sheet's rows, and the first cells of both sides, which set the column widths. */
async function prepare(run: Run, loaded: Loaded, { seen, sheet, isOwn }: Asked, windows: Windows): Promise<Scene> {
  const segments = isOwn ? null : await segmentsOf(run.id, sheet)
  const partner = isOwn ? sheet : (partnerSheet(segments) ?? loaded.explained?.tables.find((table) => table.sheet === sheet)?.output?.sheet ?? loaded.output.find((candidate) => candidate.name === sheet)?.name ?? null)
  const sizes = { input: isOwn ? undefined : seen.find((candidate) => candidate.name === sheet), output: loaded.output.find((candidate) => candidate.name === partner) }
  // A title is long and belongs to no column.
  const titles = new Set(isOwn ? [] : (loaded.explained?.rows ?? []).filter((row) => row.sheet === sheet && row.kind !== 'header' && row.kind !== 'data').map((row) => row.row))
  const widths: Record<Side, number[]> = { input: [], output: [] }
  await Promise.all(
    (['input', 'output'] as const).map(async (side) => {
      const size = sizes[side]
      if (!size?.rows || !size.columns) return
      windows.limit(side, size.name, size.rows, size.columns)
      await windows.first(side, size.name)
      widths[side] = Array.from({ length: size.columns }, (_, at) => {
        if (at >= 100) return 110
        const values = Array.from({ length: Math.min(200, size.rows!) }, (_, row) => windows.value(side, size.name, row + 1, at + 1))
        return widthOf(values.filter((_, row) => side === 'output' || !titles.has(row + 1)), 8)
      })
    }),
  )
  return { sheet, partner, segments, why: isOwn ? '' : hindrance(segments), widths }
}

export function useScene(run: Run, loaded: Loaded, asked: Asked, windows: Windows, failed: (error: unknown) => void): Scene | null {
  const [scene, setScene] = useState<Scene | null>(null)
  useEffect(() => {
    let here = true
    setScene(null)
    prepare(run, loaded, asked, windows).then(
      (made) => here && setScene(made),
      (error) => here && failed(error),
    )
    return () => void (here = false)
  }, [run.id, asked.sheet, asked.isOwn])
  return scene
}
