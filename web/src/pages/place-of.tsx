// Finds the code in a configuration that a run names: a rule, a detector, a transform.
import type { ComponentChildren } from 'preact'
import type { Run } from '../api/client'
import { get } from '../api/client'
import { failed, toast } from '../parts'
import { go } from '../router'
import { textOf } from './configs-bench'
import { wanted } from './place-names'

async function open(run: Run, name: string) {
  const { items } = await get('/api/v1/configs/{config_id}/files', { config_id: run.configuration_id })
  const paths = items.map((file) => file.path).filter((path) => /\.py$/.test(path) && !/^tests\//.test(path))
  const texts = await Promise.all(paths.slice(0, 60).map(async (path) => ({ path, lines: ((await textOf(run.configuration_id, path)).text ?? '').split('\n') })))
  for (const pattern of wanted(name))
    for (const { path, lines } of texts) {
      const at = lines.findIndex((line) => pattern.test(line))
      if (at >= 0) return go(`/configs/${run.configuration_id}/files?file=${encodeURIComponent(path)}&line=${at + 1}`)
    }
  toast(`No file of ${run.configuration_name} has ${name}: it belongs to ADE itself, or was renamed.`)
}

export const PlaceOf = ({ run, name, children }: { run: Run; name: string; children?: ComponentChildren }) => (
  <button type="button" class="linked" title="Its line in the configuration" onClick={() => open(run, name).catch(failed)}>
    {children ?? <code>{name}</code>}
  </button>
)
