// Builds a tree of paths.
export interface TreeRow {
  path: string
  name: string
  depth: number
  folder: boolean
}

/** Returns files and folders in tree order: folders first; a folder that only contains another folder shares its line. */
export function rowsOf(paths: string[]): TreeRow[] {
  const rows: TreeRow[] = []
  const walk = (prefix: string, depth: number, inside: string[]) => {
    const files = inside.filter((path) => !path.slice(prefix.length).includes('/'))
    const folders = [...new Set(inside.filter((path) => !files.includes(path)).map((path) => path.slice(0, path.indexOf('/', prefix.length) + 1)))]
    for (const folder of folders.sort()) {
      let end = folder
      const held = inside.filter((path) => path.startsWith(folder))
      for (;;) {
        const next = held[0].slice(0, held[0].indexOf('/', end.length) + 1)
        if (!next || !held.every((path) => path.startsWith(next))) break
        end = next
      }
      rows.push({ path: end, name: end.slice(prefix.length), depth, folder: true })
      walk(end, depth + 1, held)
    }
    for (const path of files.sort()) rows.push({ path, name: path.slice(prefix.length), depth, folder: false })
  }
  walk('', 0, paths)
  return rows
}

/** Returns the file to show first: the one with the fields. */
export const first = (paths: string[]): string | null => paths.find((path) => /\/columns\/[^/]+\.py$/.test(path)) ?? paths.find((path) => path.endsWith('.py')) ?? paths[0] ?? null
