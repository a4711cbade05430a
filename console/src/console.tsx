import { useEffect, useState } from 'preact/hooks'
import { DirectoryPage } from './pages/directory/directory.tsx'
import { EventsPage } from './pages/events/events.tsx'
import { HelpPage } from './pages/help/help.tsx'
import { HooksPage } from './pages/hooks/hooks.tsx'
import { NodesPage } from './pages/nodes/nodes.tsx'
import { NowPage } from './pages/now/now.tsx'
import { PeoplePage } from './pages/people/people.tsx'
import { SendDesk } from './pages/send/desk.ts'
import { SendPage } from './pages/send/send.tsx'
import type { Route } from './routes.ts'
import type { Scope } from './session/scope.ts'
import type { Session } from './session/session.ts'
import { SignIn } from './session/sign-in.tsx'
import { type Leave, useStanding } from './session/use-standing.ts'
import { Waiting } from './session/waiting.tsx'
import { homeOf, Shell } from './shell.tsx'
import { go, useRoute } from './ui/use-route.ts'

/** The whole console: nobody sees a page of it without having signed in. */
export function Console() {
  const { standing, enter, leave } = useStanding()
  switch (standing.is) {
    case 'resuming':
      return <Waiting problem={standing.problem} onGiveUp={() => leave(undefined)} />
    case 'signed out':
      return <SignIn problem={standing.problem} onSignedIn={enter} />
    case 'signed in':
      return <SignedIn key={standing.serial} session={standing.session} leave={leave} />
  }
}

/** All that somebody sees and has written lives in here, and goes with the sign-in. */
function SignedIn({ session, leave }: { readonly session: Session; readonly leave: Leave }) {
  const route = useRoute()
  const [desk] = useState(() => new SendDesk(session.api))
  useEffect(() => {
    // Whoever comes to see their own has nothing to look for among the figures of everybody.
    if (route.page === 'now' && session.sight === 'own') go(homeOf(session), 'replace')
  }, [])
  return (
    <Shell
      session={session}
      route={route}
      onSignOut={() => leave(session)}
      onEnded={(problem) => leave(session, problem)}
    >
      {(scope) => <CurrentPage route={route} desk={desk} {...scope} />}
    </Shell>
  )
}

function CurrentPage({ route, desk, ...scope }: Scope & { readonly route: Route; readonly desk: SendDesk }) {
  switch (route.page) {
    case 'now':
      return <NowPage {...scope} shown={route.shown} />
    case 'people':
      return <PeoplePage {...scope} {...route} />
    case 'events':
      return <EventsPage {...scope} eventId={route.eventId} filters={route.filters} />
    case 'send':
      return <SendPage {...scope} desk={desk} userId={route.userId} userEndpointId={route.userEndpointId} />
    case 'nodes':
      return <NodesPage {...scope} />
    case 'help':
      return <HelpPage />
    case 'directory':
      return <DirectoryPage {...scope} {...route} />
    case 'hooks':
      return <HooksPage {...scope} webhookId={route.webhookId} />
  }
}
