import type { DirectoryEntry } from '../../api/directory.ts'
import { hrefOfEntry } from '../../routes.ts'
import type { Scope } from '../../session/scope.ts'
import { Banner, ProblemBanner } from '../../ui/banner.tsx'
import { ConfirmButton } from '../../ui/confirm.tsx'
import { Card } from '../../ui/page.tsx'
import { go } from '../../ui/use-route.ts'
import { ClashBanner } from './clash-banner.tsx'
import { EntryAudit } from './entry-audit.tsx'
import { EntryForm } from './entry-form.tsx'
import type { Field, Kind } from './kinds.ts'
import { NewSecret } from './new-secret.tsx'
import { SecretsCard } from './secrets-card.tsx'
import { type Editing, useEditing } from './use-editing.ts'

/** Everything that can be done with an entry that there is. */
export function EntryEditor({
  kind,
  first,
  scope,
}: {
  readonly kind: Kind
  readonly first: DirectoryEntry
  readonly scope: Scope
}) {
  const { one, secret, removal } = kind
  const fields = fieldsOf(kind, scope)
  const editing = useEditing({ ...kind, fields }, first, scope, () => go(hrefOfEntry(kind.kind)))
  const { seen, filled, problem, isBusy, fill, save, remove } = editing
  const mayRemove = kind.kind !== 'organizations' || scope.session.organizationId === undefined
  const isThere = editing.clash === undefined || editing.clash.differences !== undefined
  return (
    <>
      <Said editing={editing} secret={secret} />
      <Card title="Members">
        <EntryForm
          {...{ filled, problem, isBusy }}
          fields={hinted(fields, seen)}
          action="Save"
          onFill={fill}
          onSubmit={save}
          onCancel={undefined}
        />
      </Card>
      {isThere && secret !== undefined && seen.members['public'] !== true && (
        <SecretsCard secret={secret} editing={editing} />
      )}
      {isThere && (
        <Card title={`Remove this ${one}`}>
          <div class="stack">
            <p class="quiet">{mayRemove ? removal : 'Organizations are removed by role SERVICE.'}</p>
            {mayRemove && (
              <div class="row">
                <ConfirmButton question="Remove it for good" disabled={isBusy} onConfirm={remove}>
                  Remove
                </ConfirmButton>
              </div>
            )}
          </div>
        </Card>
      )}
      <EntryAudit
        kind={kind.kind}
        entryId={seen.id}
        secret={secret ?? 'secret'}
        scope={scope}
        seen={`${seen.revision} ${isThere}`}
      />
    </>
  )
}

/** What the last thing that was done has come to. */
function Said({ editing, secret }: { readonly editing: Editing; readonly secret: Kind['secret'] }) {
  const { said, clash, problem, newSecret, filled, fill } = editing
  return (
    <div class="stack entry-said" aria-live="polite">
      {said !== undefined && <Banner tone="success" title={said} />}
      <NewSecret secret={newSecret} what={secret} />
      {clash !== undefined && (
        <ClashBanner clash={clash} onTake={({ name, now }) => fill({ ...filled, [name]: now })} />
      )}
      <ProblemBanner problem={problem} />
    </div>
  )
}

function fieldsOf({ fields }: Kind, { organizationId }: Scope): readonly Field[] {
  return fields.filter(
    ({ isFinal = false, isOfAll = false }) => !isFinal && (!isOfAll || organizationId === undefined),
  )
}

function hinted(fields: readonly Field[], { members }: DirectoryEntry): readonly Field[] {
  return fields.map((field) =>
    field.name === 'url' && members['hasQuery'] === true ? { ...field, hint: QUERY } : field,
  )
}

const QUERY =
  'It has a query, which is not shown, since it may hold a token. It stays unless you write another address here, which is then the whole of it.'
