/** JSON, indented. Text is text: nothing of it is ever markup. Strings of asterisks only are marked as masked. */
export function JsonView({ value, label }: { readonly value: unknown; readonly label: string }) {
  return (
    // Scrolls on its own, so it must be reachable by keyboard (WCAG 2.1.1).
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section class="json" tabIndex={0} aria-label={label}>
      <pre>{tokens(JSON.stringify(value, null, 2) ?? '')}</pre>
    </section>
  )
}

const MASKED = /("\*+")/

/** What was masked stands out, by more than its colour. */
function tokens(text: string) {
  return text.split(MASKED).map((part, index) =>
    MASKED.test(part) ? (
      <mark key={index} class="masked" title="Masked: kept as asterisks only">
        {part}
      </mark>
    ) : (
      part
    ),
  )
}
