import { useEffect, useRef } from 'preact/hooks'

/** Rest after the last key before somebody is told, milliseconds. */
const WRITTEN_MS = 250

/** Goes to something whose id one has. Nothing happens while nothing is filled in. */
export function SearchField({
  label,
  action,
  value = '',
  autofocus = false,
  onWrite,
  onFind,
}: {
  readonly label: string
  /** On the button: `Find`. */
  readonly action: string
  readonly value?: string | undefined
  readonly autofocus?: boolean
  /** Told what stands in it, a moment after it has changed. */
  readonly onWrite?: ((text: string) => void) | undefined
  readonly onFind: (id: string) => void
}) {
  const input = useRef<HTMLInputElement>(null)
  const writing = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(writing.current), [])
  const write = (text: string): void => {
    clearTimeout(writing.current)
    if (onWrite !== undefined) writing.current = setTimeout(() => onWrite(text.trim()), WRITTEN_MS)
  }
  useEffect(() => {
    if (autofocus) input.current?.focus()
  }, [])
  return (
    <search>
      <form
        class="find"
        onSubmit={(event) => {
          event.preventDefault()
          clearTimeout(writing.current)
          const id = (input.current?.value ?? '').trim()
          if (id !== '') onFind(id)
        }}
      >
        <input
          ref={input}
          type="search"
          aria-label={label}
          placeholder={label}
          autocomplete="off"
          spellcheck={false}
          defaultValue={value}
          onInput={({ currentTarget }) => write(currentTarget.value)}
          key={value}
        />
        <button type="submit" class="button">
          {action}
        </button>
      </form>
    </search>
  )
}
