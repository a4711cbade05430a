import { zoneName } from '../../format.ts'
import { wordsFor } from '../../outcome/outcome.ts'
import { Card, Page } from '../../ui/page.tsx'

const OUTCOMES = ['acknowledged', 'sent', 'woken', 'queued', 'not_connected', 'expired', 'discarded'] as const
const PAGES = [
  ['Now', 'who is there, what is sent each second, how long it takes, and what is lost'],
  ['People', 'everybody who is or was registered; one of them: devices, last events, what has changed'],
  ['Events', 'what was sent, and what became of it at each device, for as long as the history remembers'],
  ['Send', 'an event to somebody, with everything that delivery can do'],
  ['Directory', 'who may sign in, who may call, and who is told; who changed it'],
  ['Hooks', 'what is told of the organization to other programs, and what they did not take'],
] as const

/** What the pages are for, and what the words mean. */
export function HelpPage() {
  return (
    <Page title="Help" lead={`Times are those of this browser: ${zoneName()}.`}>
      <Card title="Pages">
        <dl class="facts help">
          {PAGES.map(([name, what]) => (
            <Entry key={name} name={name} what={what} />
          ))}
        </dl>
      </Card>
      <Card title="What becomes of an event">
        <dl class="facts help">
          {OUTCOMES.map((outcome) => {
            const { text, meaning } = wordsFor(outcome, 1)
            return <Entry key={outcome} name={text} what={meaning} />
          })}
          <Entry name="answered" what="A person took it, at one device; the others stop ringing." />
        </dl>
      </Card>
      <Card title="What is wrong">
        <p>
          A strip at the top says what is wrong now, on every page, and goes when it is over. What to do about
          the disk, a damaged store and certificates is in the guide Production, which comes with the server
          (docs/guides/production.md); every error and its remedy is in docs/errors.md.
        </p>
      </Card>
    </Page>
  )
}

function Entry({ name, what }: { readonly name: string; readonly what: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{what}</dd>
    </>
  )
}
