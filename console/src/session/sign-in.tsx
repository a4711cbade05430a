import { useEffect, useState } from 'preact/hooks'
import { describe, type Problem } from '../api/problem.ts'
import { ProblemBanner } from '../ui/banner.tsx'
import { TextField } from '../ui/field.tsx'
import { Segments } from '../ui/segments.tsx'
import { Brand } from './brand.tsx'
import { leaveForProvider, providerNames } from './provider-sign-in.ts'
import { type Credentials, type Session, signIn } from './session.ts'

type Kind = Credentials['kind']

const KINDS = [
  ['backend', 'Backend'],
  ['person', 'Person'],
] as const

/** The first page: a backend with its secret, or a person with a password. */
export function SignIn({
  problem,
  onSignedIn,
}: {
  readonly problem: Problem | undefined
  readonly onSignedIn: (session: Session) => void
}) {
  const [kind, setKind] = useState<Kind>('backend')
  const [failure, setFailure] = useState(problem)
  const [isBusy, setIsBusy] = useState(false)
  useEffect(() => {
    document.title = 'Sign in · Rollcall'
  }, [])
  const submit = async (form: HTMLFormElement): Promise<void> => {
    if (isBusy) return
    setIsBusy(true)
    setFailure(undefined)
    try {
      onSignedIn(await signIn(credentialsIn(kind, new FormData(form))))
    } catch (error) {
      setFailure(describe(error))
      setIsBusy(false)
    }
  }
  useEffect(() => {
    // Whoever goes back from the provider may find this page as it was left.
    const show = ({ persisted }: PageTransitionEvent): void => {
      if (persisted) setIsBusy(false)
    }
    addEventListener('pageshow', show)
    return () => removeEventListener('pageshow', show)
  }, [])
  const leave = async (): Promise<void> => {
    if (isBusy) return
    setIsBusy(true)
    setFailure(undefined)
    try {
      await leaveForProvider()
    } catch (error) {
      setFailure(describe(error))
      setIsBusy(false)
    }
  }
  return (
    <main class="sign-in">
      <Brand />
      <p class="quiet">Who is reachable, and what became of an event.</p>
      <ProblemBanner problem={failure} />
      <ProviderButtons isBusy={isBusy} onPress={() => void leave()} />
      <form
        class="card stack"
        onSubmit={(event) => {
          event.preventDefault()
          void submit(event.currentTarget)
        }}
      >
        <Segments legend="Sign in as" name="kind" options={KINDS} value={kind} onChange={setKind} />
        {kind === 'backend' ? <BackendFields /> : <PersonFields />}
        <button type="submit" class="button button-primary" disabled={isBusy}>
          {isBusy ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  )
}

/** The ways in by an identity provider; nothing where there is none, or nobody knows. */
function ProviderButtons({ isBusy, onPress }: { readonly isBusy: boolean; readonly onPress: () => void }) {
  const [names, setNames] = useState<readonly string[]>([])
  useEffect(() => {
    void providerNames().then(setNames)
  }, [])
  return (
    <>
      {names.map((name) => (
        <button
          key={name}
          type="button"
          class="button button-primary sign-in-provider"
          disabled={isBusy}
          onClick={onPress}
        >
          Sign in with {name}
        </button>
      ))}
    </>
  )
}

function BackendFields() {
  return (
    <>
      <TextField label="Client id" name="clientId" required autocomplete="username" key="clientId" />
      <TextField
        label="Client secret"
        name="clientSecret"
        type="password"
        required
        autocomplete="current-password"
        key="secret"
      />
    </>
  )
}

function PersonFields() {
  return (
    <>
      <TextField label="User name" name="username" required autocomplete="username" key="username" />
      <TextField
        label="Password"
        name="password"
        type="password"
        required
        autocomplete="current-password"
        key="password"
      />
      <TextField
        label="Client"
        name="clientId"
        required
        defaultValue="customer"
        hint="The public client of the directory through which people sign in."
        key="client"
      />
    </>
  )
}

function credentialsIn(kind: Kind, form: FormData): Credentials {
  const text = (name: string): string => String(form.get(name) ?? '')
  const clientId = text('clientId').trim()
  if (kind === 'backend') return { kind, clientId, clientSecret: text('clientSecret') }
  return { kind, clientId, username: text('username').trim(), password: text('password') }
}
