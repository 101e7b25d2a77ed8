// Access tokens: their permissions; a new token is shown once.
import { useState } from 'preact/hooks'
import { change, may, type Schemas, session, workspace } from '../api/client'
import { ago, Ask, AskForm, Button, copy, day, Entry, Facts, failed, Icon, Labelled, List, now, Records, Status, Title, useAbout, useGot } from '../parts'

type Token = Schemas['Token']

function state(token: Token): [string, string] {
  if (token.revoked_at) return ['cancelled', 'Revoked']
  if (token.expires_at && Date.parse(token.expires_at) < now.value) return ['cancelled', 'Ended']
  return token.expires_at ? ['ready', 'Active'] : ['warned', 'Never ends']
}

export function Tokens() {
  const { value, error, again } = useGot('/api/v1/tokens')
  const [asking, ask] = useState<Token | 'new' | null>(null)
  const [made, setMade] = useState<Schemas['MadeToken'] | null>(null)
  useAbout({ title: 'Tokens', main: may('admin'), command: 'ade tokens ls' })
  const revoke = async (token: Token) => {
    ask(null)
    await change('DELETE', `/api/v1/tokens/${token.id}`).catch(failed)
    again()
  }
  return (
    <>
      <Title of="Tokens" say="for programs and for signing in; stored hashed, so each is shown once">
        {may('admin') && <Button icon="plus" kind="filled" needs="admin" onClick={() => ask('new')}>Create a token</Button>}
      </Title>
      {made && (
        <div class="notice small good" role="status">
          <Icon name="check" />
          <span><strong>{made.name}</strong> was created. Copy it now, it is not shown again:</span>
          <code class="cut">{made.token}</code>
          <Button icon="copy" onClick={() => copy(made.token)}>Copy</Button>
          <span class="grow" />
          <Button icon="close" kind="quiet square" aria-label="Close" onClick={() => setMade(null)} />
        </div>
      )}
      <List of="Tokens" there={!!value} error={error} again={again}>
        <Records
          of="Tokens"
          all={value?.items ?? []}
          id={(token) => token.id}
          columns={[
            ['Status', '', (token) => <Status of={state(token)[0]}>{state(token)[1]}</Status>],
            ['Name', 'name break', (token) => <>{token.name} {token.name === session.value?.token && <span class="chip">this session</span>}<div class="narrow small dim">{token.scope}</div></>],
            ['May', 'roomy', (token) => <span class="chip">{token.scope}</span>],
            ['Workspaces', 'mid roomy', (token) => token.workspaces?.join(', ') ?? 'all'],
            ['Last used', 'mid roomy', (token) => ago(token.last_used_at)],
            ['Ends', 'mid roomy', (token) => (token.revoked_at ? `revoked ${day(token.revoked_at)}` : token.expires_at ? day(token.expires_at) : 'never')],
            ['(Actions)', 'figure', (token) => state(token)[0] !== 'cancelled' && may('admin') && <Button kind="quiet danger" needs="admin" onClick={() => ask(token)}>Revoke</Button>],
          ]}
        />
        <div class="padded">
          <h2>What a token may do</h2>
          <Facts
            all={[
              ['read', 'see runs, results, logs, configurations and environments; download files'],
              ['run', 'also upload documents, start, cancel and retry runs'],
              ['admin', 'also change configurations, build and delete environments, manage tokens'],
            ]}
          />
          <div class="terminal gap-above">{`curl -H "Authorization: Bearer $ADE_TOKEN" ${location.origin}/api/v1/runs`}</div>
        </div>
      </List>
      {asking === 'new' && <NewToken onClose={() => ask(null)} onMade={(token) => (ask(null), setMade(token), again())} />}
      {asking && asking !== 'new' && (
        <Ask title={`Revoke ${asking.name}?`} keep="Keep it" does="Revoke the token" onKeep={() => ask(null)} onDo={() => revoke(asking)}>
          <p>Programs that use it get 401 at once, its sessions and streams end. This can’t be undone.</p>
        </Ask>
      )}
    </>
  )
}

function NewToken({ onClose, onMade }: { onClose: () => void; onMade: (token: Schemas['MadeToken']) => void }) {
  const send = async (form: FormData) => {
    const days = Number(form.get('days')) || null
    onMade(await change('POST', '/api/v1/tokens', { name: form.get('name'), scope: form.get('scope'), days, workspaces: form.get('only') ? [workspace.value] : null }))
  }
  return (
    <AskForm title="Create a token" does="Create the token" onClose={onClose} onSend={send}>
      {(wrong) => (
        <>
          <Entry id="name" label="Name" required placeholder="nightly-intake" wrong={wrong} />
          <div class="options">
            <Labelled id="scope" label="May" all={['run', 'read', 'admin']} />
            <Labelled id="days" label="Ends" all={[['90', 'in 90 days'], ['30', 'in 30 days'], ['365', 'in a year'], ['', 'never']]} />
          </div>
          <label class="check gap-above">
            <input type="checkbox" name="only" /> For the workspace {workspace.value} alone
          </label>
        </>
      )}
    </AskForm>
  )
}
