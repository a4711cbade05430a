import { useState } from 'preact/hooks'
import type { UserEndpointInSight } from '../../api/api.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { SelectField, TextField } from '../../ui/field.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import type { SendForm } from './form.ts'
import type { FormPart } from './form-part.ts'

/** To whom: a user, and one device or all of them. */
export function Recipient({ form, faults, onEdit, scope }: FormPart & { readonly scope: Scope }) {
  // Asked when the field is left, not at every letter.
  const [isTyping, setIsTyping] = useState(false)
  const known = useEndpoints(isTyping ? '' : form.userId, scope)
  return (
    <div class="pair">
      <TextField
        label="User"
        required
        maxLength={128}
        value={form.userId}
        error={faults.get('userId')}
        onInput={({ currentTarget }) => {
          setIsTyping(true)
          onEdit({ userId: currentTarget.value, userEndpointId: '' })
        }}
        onBlur={() => setIsTyping(false)}
      />
      {scope.session.sight === 'all' ? (
        <EndpointSelect form={form} known={known} onEdit={onEdit} />
      ) : (
        <TextField
          label="Device"
          maxLength={128}
          placeholder="all of them"
          value={form.userEndpointId}
          error={faults.get('userEndpointId')}
          onInput={({ currentTarget }) => onEdit({ userEndpointId: currentTarget.value })}
        />
      )}
    </div>
  )
}

function EndpointSelect({
  form,
  known,
  onEdit,
}: Pick<FormPart, 'form' | 'onEdit'> & { readonly known: readonly UserEndpointInSight[] | undefined }) {
  return (
    <SelectField
      label="Device"
      value={form.userEndpointId}
      options={[
        ['', known === undefined ? 'All of them' : `All of them (${known.length} registered)`],
        ...(known ?? []).map(
          ({ id, connected }) => [id, `${id} · ${connected ? 'connected' : 'away'}`] as const,
        ),
        ...absent(form, known),
      ]}
      onChange={({ currentTarget }) => onEdit({ userEndpointId: currentTarget.value })}
    />
  )
}

/** The one that was chosen before, and is registered no more. */
function absent({ userEndpointId }: SendForm, known: readonly UserEndpointInSight[] | undefined) {
  if (userEndpointId === '' || known?.some(({ id }) => id === userEndpointId)) return []
  return [
    [userEndpointId, known === undefined ? userEndpointId : `${userEndpointId} · not registered`] as const,
  ]
}

/** `undefined`: not known yet, or not this sign-in's to see. */
function useEndpoints(userId: string, scope: Scope): readonly UserEndpointInSight[] | undefined {
  const { api, sight } = scope.session
  const { data } = usePoll(
    `${scope.organizationId}/${userId}`,
    async (signal) => {
      if (userId === '' || sight === 'own') return undefined
      return api.endpoints(userId, optionsOf(scope, signal))
    },
    { intervalMs: 0, onProblem: scope.onProblem },
  )
  return data
}
