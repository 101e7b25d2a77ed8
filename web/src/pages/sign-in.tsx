import { begin, sessionEnded, signedOut } from '../api/client'
import { Entry, Mark, useAbout, useDoing } from '../parts'
import { go, path } from '../router'

export function SignIn() {
  useAbout({ title: 'Sign in' })
  const { doing, error, during } = useDoing()
  const enter = (event: Event) => {
    event.preventDefault()
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token') as string
    during('Signing in…', async () => {
      const response = await fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ token: token.trim() }) })
      if (!response.ok) throw new Error(response.status === 401 ? 'This token is not valid. It may have been revoked, or it has expired.' : `The server answered ${response.status}.`)
      await begin()
      signedOut.value = false
      if (path.value === '/sign-in') go('/runs')
    })
  }
  return (
    <main id="main" class="padded">
      <form class="empty" onSubmit={enter}>
        <p class="brand"><Mark /> ADE</p>
        <h1>Sign in</h1>
        {sessionEnded() && <p class="mid">Your session has ended: it expired, you signed out, or its token was revoked. Sign in to continue on this page.</p>}
        <Entry id="token" label="Token" type="password" autocomplete="current-password" required wrong={(error as Error | null)?.message} />
        <button class="button filled" disabled={!!doing}>{doing || 'Sign in'}</button>
        <p class="dim small">An administrator makes one on the page Tokens; the first is made where the server runs. On your own machine the link that was printed signs in.</p>
      </form>
    </main>
  )
}
