import { useEffect, useRef, useState } from 'preact/hooks'

/** A button for what cannot be undone: it asks once more, in its own place, and forgets the question again. */
export function ConfirmButton({
  children,
  question,
  onConfirm,
  disabled = false,
}: {
  readonly children: string
  /** What the second press says: `Kick it now`. */
  readonly question: string
  readonly onConfirm: () => void
  readonly disabled?: boolean
}) {
  const [isAsking, setIsAsking] = useState(false)
  const second = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (isAsking) second.current?.focus()
  }, [isAsking])
  if (!isAsking)
    return (
      <button type="button" class="button" disabled={disabled} onClick={() => setIsAsking(true)}>
        {children}
      </button>
    )
  return (
    <button
      ref={second}
      type="button"
      class="button button-danger"
      disabled={disabled}
      onBlur={() => setIsAsking(false)}
      onKeyDown={({ key }) => key === 'Escape' && setIsAsking(false)}
      onClick={() => {
        setIsAsking(false)
        onConfirm()
      }}
    >
      {question}
    </button>
  )
}
