import { useState } from 'preact/hooks'
import { describe, type Problem } from '../api/problem.ts'
import { ProblemBanner } from '../ui/banner.tsx'
import { TextField } from '../ui/field.tsx'
import { type Credentials, type Session, signIn } from './session.ts'

type Kind = Credentials['kind']

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
  const submit = async (form: HTMLFormElement): Promise<void> => {
    setIsBusy(true)
    setFailure(undefined)
    try {
      onSignedIn(await signIn(credentialsIn(kind, new FormData(form))))
    } catch (error) {
      setFailure(describe(error))
      setIsBusy(false)
    }
  }
  return (
    <main class="sign-in">
      <h1>
        <span class="brand-mark" aria-hidden="true" />
        Rollcall
      </h1>
      <p class="quiet">Who is reachable, and what became of an event.</p>
      <ProblemBanner problem={failure} />
      <form
        class="card stack"
        onSubmit={(event) => {
          event.preventDefault()
          void submit(event.currentTarget)
        }}
      >
        <fieldset class="segments">
          <legend class="visually-hidden">Sign in as</legend>
          <Choice kind="backend" text="Backend" chosen={kind} onChoose={setKind} />
          <Choice kind="person" text="Person" chosen={kind} onChoose={setKind} />
        </fieldset>
        {kind === 'backend' ? <BackendFields /> : <PersonFields />}
        <button type="submit" class="button button-primary" disabled={isBusy}>
          {isBusy ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  )
}

function Choice({
  kind,
  text,
  chosen,
  onChoose,
}: {
  readonly kind: Kind
  readonly text: string
  readonly chosen: Kind
  readonly onChoose: (kind: Kind) => void
}) {
  return (
    <label>
      <input
        type="radio"
        name="kind"
        value={kind}
        checked={kind === chosen}
        onChange={() => onChoose(kind)}
      />
      <span>{text}</span>
    </label>
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
