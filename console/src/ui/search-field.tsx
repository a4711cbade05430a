import { useEffect, useRef } from 'preact/hooks'

/** Goes to something whose id one has. Nothing happens while nothing is filled in. */
export function SearchField({
  label,
  action,
  value = '',
  autofocus = false,
  onFind,
}: {
  readonly label: string
  /** On the button: `Find`. */
  readonly action: string
  readonly value?: string | undefined
  readonly autofocus?: boolean
  readonly onFind: (id: string) => void
}) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (autofocus) input.current?.focus()
  }, [])
  return (
    <search>
      <form
        class="find"
        onSubmit={(event) => {
          event.preventDefault()
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
          key={value}
        />
        <button type="submit" class="button">
          {action}
        </button>
      </form>
    </search>
  )
}
