// The page for users who have run nothing yet.
import type { ComponentChildren } from 'preact'
import { address, change, may, problemOf, type Schemas, session, workspace } from '../api/client'
import { counts } from '../api/events'
import { failed, Link, many, Status, Title, useAbout, useGot, useLoaded } from '../parts'
import { go } from '../router'
import { configurations, DropZone } from './start'
import { add } from './uploads'

const TEMPLATE = 'default'

/** Chooses a template's messy roster, and creates a configuration for it if there is none. */
async function trySample(known: Schemas['KnownConfiguration'] | undefined) {
  try {
    const response = await fetch(address('/api/v1/templates/{name}/sample', { name: TEMPLATE }))
    if (!response.ok) throw await problemOf(response)
    const file = new File([await response.blob()], 'messy-roster.xlsx')
    let id = known?.id
    if (!id) {
      const made = await change<{ id: string }>('POST', `/api/v1/workspaces/${workspace.peek()}/configs`, { name: 'crew', template: TEMPLATE })
      // Templates load without a check, which would wait for the environment.
      await change('POST', `/api/v1/configs/${made.id}/publish`, { force: true })
      id = made.id
    }
    add([file])
    go(`/start?config=${id}`)
  } catch (error) {
    failed(error)
  }
}

export function FirstRun() {
  const { value: all } = useLoaded(configurations, [workspace.value])
  const { value: stats } = useGot('/api/v1/stats', { workspace: workspace.value }, [counts.value])
  const first = all?.find((item) => item.runs_use !== 'nothing')
  useAbout({
    title: 'Runs',
    main: true,
    command: `ade run ${first?.name ?? 'crew'} FILE`,
    keys: [['u', 'choose a file'], ['?', 'all keys']],
  })
  const slots = stats?.slots.all ?? 0
  return (
    <>
      <Title of="Runs" say="none yet" />
      <div class="scroller grow padded">
        <div class="middle">
          <DropZone large onSample={all && (first ? may('run') : may('admin')) ? () => trySample(first) : undefined} />
          <p class="dim small gap-above">{session.value?.this_machine ? 'Nothing leaves this machine.' : 'Files stay on this server.'}</p>
          <div class="columns">
            {([
              [slots ? 'ready' : 'queued', slots ? 'A worker is ready' : 'No worker yet', slots ? `${many(slots, 'slot')}. The first run builds an environment, which takes a few seconds; the next ones start at once.` : <>Runs wait until a worker is started. <Link to="/workers">Workers</Link></>],
              [
                first ? 'ready' : 'queued',
                first ? (all!.length > 1 ? many(all!.length, 'configuration') : `One configuration: ${first.name}`) : 'No configuration yet',
                first ? <>It says which columns belong to which fields, and which values are wrong. <Link to={`/configs/${first.id}`}>Read it</Link>; it is meant to be changed.</> : <><Link to="/configs">Create one</Link>; the sample brings one for lists of people.</>,
              ],
              ['queued', 'Your own columns', <>A configuration is a small Python package. A line for each field says how it is recognised, cleaned and checked. It can be <Link to="/configs/from">made from sample files</Link>.</>],
            ] as [string, string, ComponentChildren][]).map(([status, title, text]) => (
              <section key={title}>
                <h2><Status of={status}>{title}</Status></h2>
                <p class="mid gap-above">{text}</p>
              </section>
            ))}
          </div>
        </div>
      </div>
    </>
  )
}
