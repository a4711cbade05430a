import { useEffect, useState } from 'preact/hooks'

const SAID_MS = 2_000

/** Puts a text into the clipboard, and says so. Not there where the browser has none for the page (plain HTTP). */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [said, setSaid] = useState<string>()
  useEffect(() => {
    if (said === undefined) return
    const timer = setTimeout(() => setSaid(undefined), SAID_MS)
    return () => clearTimeout(timer)
  }, [said])
  if (!isSecureContext) return null
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setSaid('Copied')
    } catch {
      setSaid('Not allowed')
    }
  }
  return (
    <button
      type="button"
      class="button copy"
      aria-label={said === undefined ? label : said}
      onClick={() => void copy()}
    >
      <span aria-live="polite">{said ?? 'Copy'}</span>
    </button>
  )
}
