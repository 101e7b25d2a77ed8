// What somebody sees who has run nothing yet.
import { session, workspace } from '../api/client'
import { counts } from '../api/events'
import { get } from '../api/client'
import { many } from '../parts/format'
import { Status, useAbout, useLoaded } from '../parts/parts'
import { href } from '../router'
import { configurations, DropZone } from './start'

export function FirstRun() {
  const { value: all } = useLoaded(configurations, [workspace.value])
  const { value: stats } = useLoaded((abort) => get('/api/v1/stats', {}, { workspace: workspace.value }, abort), [workspace.value, counts.value])
  const first = all?.find((one) => one.runs_use !== 'nothing')
  useAbout({
    title: 'Runs',
    main: true,
    command: `ade run ${first?.name ?? 'crew'} FILE`,
    keys: [
      ['u', 'choose a file'],
      ['?', 'all keys'],
    ],
  })
  const slots = stats?.slots.all ?? 0
  return (
    <>
      <div class="title">
        <h1>Runs</h1>
        <span class="say">none yet</span>
      </div>
      <div class="scroller grow padded">
        <div class="middle">
          <DropZone large />
          <p class="dim small gap-above">{session.value?.this_machine ? 'Nothing leaves this machine.' : 'Files stay on this server.'}</p>
          <div class="columns">
            <section>
              <h2>
                <Status of={slots ? 'ready' : 'queued'}>{slots ? 'A worker is ready' : 'No worker yet'}</Status>
              </h2>
              <p class="mid gap-above">{slots ? `${many(slots, 'slot')}. The first run builds an environment, which takes a few seconds; the next ones start at once.` : <>Runs wait until <code>ade worker</code> runs.</>}</p>
            </section>
            <section>
              <h2>
                <Status of={first ? 'ready' : 'queued'}>{first ? (all!.length > 1 ? many(all!.length, 'configuration') : `One configuration: ${first.name}`) : 'No configuration yet'}</Status>
              </h2>
              <p class="mid gap-above">
                {first ? (
                  <>
                    It says which columns are which fields, and what is wrong. <a href={href(`/configs/${first.id}`)}>Read it</a>; it is meant to be changed.
                  </>
                ) : (
                  <>
                    <code>ade init crew</code> makes one for lists of people.
                  </>
                )}
              </p>
            </section>
            <section>
              <h2>
                <Status of="queued">Your own columns</Status>
              </h2>
              <p class="mid gap-above">A configuration is a small Python package. A line for each field says how it is recognised, cleaned and checked.</p>
            </section>
          </div>
          <h2 class="gap-above">The same from a terminal</h2>
          <div class="terminal gap-above">{'ade init crew\nade run crew roster.xlsx\nade runs show latest'}</div>
        </div>
      </div>
    </>
  )
}
