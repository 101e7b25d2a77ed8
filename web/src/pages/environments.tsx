// Environments: which are ready, their sizes, and why one is not ready.
import { useState } from 'preact/hooks'
import { change, may, type Schemas, workspace } from '../api/client'
import { Advice, ago, Block, Button, Dialog, Facts, failed, Figures, Link, List, listed, many, Nothing, now, Points, Records, short, size, span, Status, Title, title, toast, Trouble, useAbout, useGot, useKeys, useLines } from '../parts'
import { go } from '../router'

type Environment = Schemas['Environment']

const outcome = (item?: Schemas['Collection']['items'][number]) => item && `${item.deletes ? 'Deleted' : 'Kept'}: ${item.reason}`

export function Environments({ id }: { id?: string }) {
  const list = useGot('/api/v1/environments', { workspace: workspace.value, limit: 100 }, [], ({ kind }) => kind === 'reset' || kind === 'environment')
  const all = list.value?.items ?? []
  const plan = useGot(may('admin') && '/api/v1/environments/collection', {}, [listed(all.map((item) => item.id + item.status))])
  const [asking, ask] = useState(false)
  const chosen = all.find((item) => item.id === id) ?? (id ? null : (all.find((item) => item.status === 'failed' || item.status === 'building') ?? all[0]))
  const choose = (id: string) => go(`/environments/${id}`)
  const { box } = useLines(all, chosen?.id, choose)
  const build = ({ workspace_id, configuration_id }: Environment) => change('POST', `/api/v1/workspaces/${workspace_id}/configs/${configuration_id}/builds`, { options: { force: true } }).then(() => toast('A new environment is being built.'), failed)
  useKeys({ b: () => chosen && may('admin') && build(chosen) })
  useAbout({ title: 'Environments', command: 'ade env ls', keys: [['j k', 'move'], ['b', 'build anew']] })
  const count = (status: string) => all.filter((item) => item.status === status).length
  const bytes = all.reduce((sum, environment) => sum + (environment.size_bytes ?? 0), 0)
  const collectable = plan.value?.items.filter((item) => item.deletes) ?? []
  const freed = collectable.reduce((sum, item) => sum + (item.size_bytes ?? 0), 0)
  const collect = () => {
    ask(false)
    change<Schemas['Collection']>('POST', '/api/v1/environments/collection').then((done) => (toast(`Deleted: ${size(done.bytes_freed)} freed.`), list.again()), failed)
  }
  return (
    <>
      <Title of="Environments" say="one for each configuration and set of dependencies">
        {may('admin') && <Button needs="admin" onClick={() => (plan.again(), ask(true))}>Delete unused…</Button>}
      </Title>
      <Figures
        label="Environments by status"
        all={[
          ['Ready', count('ready')],
          ['BuildInProgress', count('building') + count('queued')],
          ['Failed', <span class={count('failed') ? 'bad' : ''}>{count('failed')}</span>],
          ['On disk', size(bytes)],
          plan.value && ['Deleting unused ones would free', size(freed), '', 'roomy'],
        ]}
      />
      <List of="Environments" there={!!list.value} error={list.error} again={list.again} box={box} side={chosen && <Details key={chosen.id} id={chosen.id} stamp={chosen.updated_at + chosen.status} onBuild={() => build(chosen)} />}>
        <Records
          of="Environments"
          all={all}
          id={(environment) => environment.id}
          line={(environment) => ({ id: `environment-${environment.id}`, class: environment === chosen ? 'chosen' : '', onClick: () => choose(environment.id) })}
          columns={[
            ['Status', '', (environment) => <Status of={environment.status}>{title(environment.status)}</Status>],
            ['Configuration', 'name', (environment) => <Link to={`/environments/${environment.id}`}>{environment.configuration_name}</Link>],
            ['Dependencies', 'id wide-only', (environment) => environment.deps_digest.slice(0, 12)],
            ['Python', 'mid roomy', (environment) => environment.python_version],
            ['Size', 'figure', (environment) => environment.size_bytes != null && size(environment.size_bytes)],
            ['Last used', 'mid roomy', (environment) => ago(environment.last_used_at)],
            ['Kept or deleted', 'dim small wide-only break', (environment) => outcome(plan.value?.items.find((item) => item.id === environment.id))],
            ['Id', 'figure id roomy', (environment) => short(environment.id)],
          ]}
        />
        {!all.length && <Nothing title="No environments yet">The first run of a configuration builds one. <Link to="/start">Start a run</Link></Nothing>}
      </List>
      {asking && (
        <Dialog
          title={collectable.length ? `Delete ${many(collectable.length, 'environment')}?` : 'Nothing to delete'}
          onClose={() => ask(false)}
          footer={
            <>
              <Button onClick={() => ask(false)}>Keep everything</Button>
              {(collectable.length > 0 || (plan.value?.removed.length ?? 0) > 0) && (
                <Button kind="danger" onClick={collect}>Collect, free {size(plan.value?.bytes_freed || freed)}</Button>
              )}
            </>
          }
        >
          <Points all={collectable}>{(item) => <><strong>{item.configuration_name}</strong> <code>{short(item.id)}</code>: {item.reason}</>}</Points>
          <p class="mid">This also deletes files of old runs and leftovers, as workers do from time to time.</p>
        </Dialog>
      )}
    </>
  )
}

function Details({ id, stamp, onBuild }: { id: string; stamp: string; onBuild: () => void }) {
  const { value, error } = useGot('/api/v1/environments/{id}', { id }, [stamp])
  const log = useGot('/api/v1/builds/{id}/logs', { id, limit: 1000 }, [stamp])
  if (error) return <aside class="side"><Trouble error={error} /></aside>
  if (!value) return <aside class="side" aria-label="Environment" />
  const lines = log.value?.entries.filter((line) => line.event === 'console.line').map((line) => line.message) ?? []
  return (
    <aside class="side" aria-label={`Environment of ${value.configuration_name}`} tabIndex={0}>
      <div class="block">
        <div class="flow">
          <h2 class="grow cut">{value.configuration_name}, <code>{short(value.id)}</code></h2>
          <Status of={value.status}>{title(value.status)}</Status>
        </div>
        {value.error && (
          <>
            <p class="bad break">{value.error.message}</p>
            <p class="mid small"><Advice text={value.error.hint} /> <code>{value.error.code}</code></p>
          </>
        )}
        {may('admin') && <Button needs="admin" onClick={onBuild}>Build again</Button>}
      </div>
      <Points title="Steps" all={value.steps} tone={() => 'flow'}>
            {(step) => (
              <>
                <Status of={step.state === 'finished' ? 'ready' : value.status === 'failed' ? 'failed' : 'building'}><code>{step.step}</code></Status>
                <span class="grow" />
                <span class="dim">{step.duration_ms != null ? span(step.duration_ms) : value.status === 'failed' ? 'failed' : `since ${span(Math.max(0, now.value - Date.parse(value.updated_at)))}`}</span>
              </>
            )}
          </Points>
      {lines.length > 0 && (
        <Block title="The installer’s last lines"><div class="terminal">{lines.slice(-12).join('\n')}</div></Block>
      )}
      {value.waiting_runs.length > 0 && (
        <Block title="Waiting for it">
          <p class="small">
            {value.waiting_runs.slice(0, 20).map((run) => <><Link to={`/runs/${run}`}><code>{short(run)}</code></Link> </>)}
          </p>
        </Block>
      )}
      {value.packages && value.packages.length > 0 && (
        <Block title={many(value.packages.length, 'package')}>
          <Facts all={value.packages.map((installed) => [installed.name, installed.version])} />
        </Block>
      )}
      <div class="block">
        <Facts all={[['Engine', value.engine_version ?? value.engine_spec], ['Installer', value.installer ?? 'not yet known'], ['Made', ago(value.created_at)]]} />
      </div>
    </aside>
  )
}
