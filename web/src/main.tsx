import './style.css'
import './style-configs.css'
import { Component, render, type ComponentChildren } from 'preact'
import { begin, Problem, session, signedOut } from './api/client'
import { path } from './router'
import { Frame } from './parts/frame'
import { Loading, Mark, Trouble } from './parts'
import { Runs } from './pages/runs'
import { Start } from './pages/start'
import { RunPage } from './pages/run'
import { Environments } from './pages/environments'
import { Workers } from './pages/workers'
import { Tokens } from './pages/tokens'
import { Configurations, Configuration } from './pages/configs'
import { FromSamples } from './pages/from-samples'
import { goOn } from './pages/starts'
import { SignIn } from './pages/sign-in'
import { signal } from '@preact/signals'

const trouble = signal<unknown>(null)

function Page() {
  const [first, id, ...rest] = path.value.slice(1).split('/')
  switch (first) {
    case 'runs':
      return id ? <RunPage key={id} id={id} tab={rest[0]} /> : <Runs />
    case 'start':
      return <Start />
    case 'configs':
      if (id === 'from') return <FromSamples />
      return id ? <Configuration key={id} id={id} rest={rest} /> : <Configurations />
    case 'environments':
      return <Environments id={id} />
    case 'workers':
      return <Workers />
    case 'tokens':
      return <Tokens />
    default:
      return (
        <div class="empty">
          <h1>No such page</h1>
          <p>The console has no page <code>{path.value}</code>. The list of runs is under <kbd>g</kbd> <kbd>r</kbd>.</p>
        </div>
      )
  }
}

/** Replaces a page that cannot be drawn; the bar stays. */
class Held extends Component<{ children: ComponentChildren }, { error: unknown }> {
  override state = { error: null as unknown }
  static override getDerivedStateFromError = (error: unknown) => ({ error })
  override render() {
    const { error } = this.state
    if (!error) return this.props.children
    const why = new Problem(0, 'page_failed', 'This page could not be shown.', `${(error as Error).message ?? error}. Earlier changes are on the server.`)
    return <Trouble error={why} again={() => location.reload()} />
  }
}

function App() {
  if (signedOut.value || path.value === '/sign-in') return <SignIn />
  if (trouble.value) return <Trouble error={trouble.value} again={start} />
  if (!session.value)
    return (
      <>
        <header class="bar">
          <span class="brand">
            <Mark />
            <span>ADE</span>
          </span>
        </header>
        <Loading />
      </>
    )
  return (
    <Frame>
      <Held key={path.value.split('/').slice(0, 3).join('/')}><Page /></Held>
    </Frame>
  )
}

export function start() {
  trouble.value = null
  begin().then(goOn, (error) => signedOut.value || (trouble.value = error))
}

start()
const app = document.getElementById('app')!
app.replaceChildren()
render(<App />, app)
