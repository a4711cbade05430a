import type { OrganizationInSight } from '@rollcall/protocol/command'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { Api } from '../api/api.ts'
import { isAborted } from '../api/problem.ts'

const OFFERED_MAX = 50
/** Rest after the last key before the server is asked, milliseconds. */
const WRITTEN_MS = 200

/** For role SERVICE, which belongs to no organization. Takes effect when the field is left or Enter is pressed. */
export function OrganizationPicker({
  api,
  value,
  onChange,
  onProblem,
}: {
  readonly api: Api
  readonly value: string
  readonly onChange: (organizationId: string) => void
  readonly onProblem: (thrown: unknown) => void
}) {
  const [prefix, setPrefix] = useState('')
  const offered = useOffered(api, prefix, onProblem)
  const list = useId()
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    // The address may name another.
    if (input.current !== null && input.current.value.trim() !== value) input.current.value = value
  }, [value])
  return (
    <form
      class="organization"
      onSubmit={(event) => {
        event.preventDefault()
        onChange(String(new FormData(event.currentTarget).get('organization') ?? '').trim())
      }}
    >
      <label for="organization">Organization</label>
      <input
        id="organization"
        name="organization"
        list={list}
        spellcheck={false}
        autocomplete="off"
        placeholder="all"
        ref={input}
        defaultValue={value}
        onInput={({ currentTarget }) => setPrefix(currentTarget.value.trim())}
        onBlur={(event) => onChange(event.currentTarget.value.trim())}
      />
      <datalist id={list}>
        {offered.map(({ id, name }) => (
          <option key={id} value={id}>
            {name ?? ''}
          </option>
        ))}
      </datalist>
    </form>
  )
}

/** Those whose id begins like that; none where the server does not say. */
function useOffered(
  api: Api,
  prefix: string,
  onProblem: (thrown: unknown) => void,
): readonly OrganizationInSight[] {
  const [offered, setOffered] = useState<readonly OrganizationInSight[]>([])
  useEffect(() => {
    const life = new AbortController()
    const ask = async (): Promise<void> => {
      try {
        const page = await api.organizations({ prefix, limit: String(OFFERED_MAX) }, { signal: life.signal })
        if (!life.signal.aborted) setOffered(page.organizations)
      } catch (error) {
        if (!isAborted(error)) onProblem(error)
      }
    }
    const timer = setTimeout(() => void ask(), WRITTEN_MS)
    return () => {
      clearTimeout(timer)
      life.abort()
    }
  }, [api, prefix])
  return offered
}
