import { Banner } from '../../ui/banner.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'

/** A secret that was made: it is shown while this is there, and nobody can see it again. */
export function NewSecret({
  secret,
  what = 'secret',
}: {
  readonly secret: string | undefined
  /** What it is called. */
  readonly what?: 'secret' | 'password' | undefined
}) {
  if (secret === undefined) return null
  return (
    <Banner tone="warning" title={`The new ${what}: copy it now, it is shown this once`}>
      <p class="row new-secret">
        <code class="breakable">{secret}</code>
        <CopyButton text={secret} label={`Copy the ${what}`} />
      </p>
    </Banner>
  )
}
