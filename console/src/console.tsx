import { useEffect, useState } from 'preact/hooks'
import { describe, type Problem } from './api/problem.ts'
import { EventsPage } from './pages/events/events.tsx'
import { HooksPage } from './pages/hooks/hooks.tsx'
import { NowPage } from './pages/now/now.tsx'
import { PeoplePage } from './pages/people/people.tsx'
import { SendPage } from './pages/send/send.tsx'
import type { Route } from './routes.ts'
import type { Scope } from './session/scope.ts'
import { resume, type Session, signOut } from './session/session.ts'
import { SignIn } from './session/sign-in.tsx'
import { Shell } from './shell.tsx'
import { useRoute } from './ui/use-route.ts'

type Standing =
  | { readonly is: 'resuming' }
  | { readonly is: 'signed out'; readonly problem?: Problem }
  | { readonly is: 'signed in'; readonly session: Session }

/** The whole console: nobody sees a page of it without having signed in. */
export function Console() {
  const [standing, setStanding] = useState<Standing>({ is: 'resuming' })
  const route = useRoute()
  useEffect(() => {
    resume().then(
      (session) => setStanding(session === undefined ? { is: 'signed out' } : { is: 'signed in', session }),
      (error: unknown) => setStanding({ is: 'signed out', problem: describe(error) }),
    )
  }, [])
  const leave = (problem?: Problem): void => {
    signOut()
    setStanding(problem === undefined ? { is: 'signed out' } : { is: 'signed out', problem })
  }
  switch (standing.is) {
    case 'resuming':
      return <p class="centered quiet">Signing in …</p>
    case 'signed out':
      return (
        <SignIn
          problem={standing.problem}
          onSignedIn={(session) => setStanding({ is: 'signed in', session })}
        />
      )
    case 'signed in':
      return (
        <Shell session={standing.session} page={route.page} onSignOut={() => leave()} onEnded={leave}>
          {(scope) => <Page route={route} {...scope} />}
        </Shell>
      )
  }
}

function Page({ route, ...scope }: Scope & { readonly route: Route }) {
  switch (route.page) {
    case 'now':
      return <NowPage {...scope} />
    case 'people':
      return <PeoplePage {...scope} userId={route.userId} />
    case 'events':
      return <EventsPage {...scope} eventId={route.eventId} filters={route.filters} />
    case 'send':
      return <SendPage {...scope} userId={route.userId} userEndpointId={route.userEndpointId} />
    case 'hooks':
      return <HooksPage {...scope} webhookId={route.webhookId} />
  }
}
