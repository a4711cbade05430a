import { useState } from 'preact/hooks'
import type { DirectoryEntry } from '../../api/directory.ts'
import { hrefOfEntry } from '../../routes.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { Banner, ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { go } from '../../ui/use-route.ts'
import { EntryForm } from './entry-form.tsx'
import { changesIn, filledFrom } from './filled.ts'
import { type Kind, TITLES } from './kinds.ts'
import { NewSecret } from './new-secret.tsx'
import { useChange } from './use-change.ts'

/** An entry that is not there yet, and then what it was given. */
export function NewEntry({ kind, scope }: { readonly kind: Kind; readonly scope: Scope }) {
  const [added, setAdded] = useState<DirectoryEntry>()
  return (
    <Page
      title={added === undefined ? `Add ${kind.a}` : `Added: ${added.id}`}
      lead={<a href={hrefOfEntry(kind.kind)}>{TITLES[kind.kind]}</a>}
    >
      {kind.kind === 'organizations' && scope.session.organizationId !== undefined ? (
        <Card>
          <Empty title="Organizations are added by role SERVICE">
            You administer one. Ask whoever runs this server.
          </Empty>
        </Card>
      ) : added === undefined ? (
        <Form kind={kind} scope={scope} onAdded={setAdded} />
      ) : (
        <Added kind={kind} added={added} />
      )}
    </Page>
  )
}

function Form({
  kind: { kind, a, fields: all },
  scope,
  onAdded,
}: {
  readonly kind: Kind
  readonly scope: Scope
  readonly onAdded: (added: DirectoryEntry) => void
}) {
  const fields = all.filter(({ isOfAll = false }) => !isOfAll || scope.organizationId === undefined)
  const [filled, fill] = useState(() => filledFrom(fields, undefined))
  const { problem, isBusy, run } = useChange(scope)
  const add = (): void =>
    run(async () =>
      onAdded(
        await scope.session.api.directory.add(
          kind,
          changesIn(fields, filled, undefined),
          kind === 'organizations' ? {} : optionsOf(scope),
        ),
      ),
    )
  return (
    <>
      <ProblemBanner problem={problem} />
      <Card>
        <EntryForm
          {...{ fields, filled, problem, isBusy }}
          action={`Add ${a}`}
          onFill={fill}
          onSubmit={add}
          onCancel={() => go(hrefOfEntry(kind))}
        />
      </Card>
    </>
  )
}

function Added({ kind: { kind, secret }, added }: { readonly kind: Kind; readonly added: DirectoryEntry }) {
  return (
    <>
      <Banner tone="success" title="It is there, and in force" />
      <NewSecret secret={added.newSecret} what={secret} />
      <p class="row">
        <a class="button button-primary" href={hrefOfEntry(kind, added.id)}>
          Open it
        </a>
        <a class="button" href={hrefOfEntry(kind)}>
          All {kind}
        </a>
      </p>
    </>
  )
}
