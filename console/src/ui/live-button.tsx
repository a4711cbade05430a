/** Whether a page follows what happens, and the way to have it hold still. */
export function LiveButton({
  isLive,
  onToggle,
}: {
  readonly isLive: boolean
  readonly onToggle: (isLive: boolean) => void
}) {
  return (
    <button
      type="button"
      class="button button-small live"
      aria-pressed={isLive}
      title={isLive ? 'Hold still' : 'Follow what happens'}
      onClick={() => onToggle(!isLive)}
    >
      <span class="live-dot" aria-hidden="true" />
      Live
    </button>
  )
}
