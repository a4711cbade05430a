/** The heading of the pages on which nobody is signed in. */
export function Brand() {
  return (
    <h1>
      <span class="brand-mark" aria-hidden="true" />
      Rollcall
    </h1>
  )
}
