/** The colours of a chart, as a canvas takes them. */
export type Colours = {
  readonly lines: readonly string[]
  readonly fill: string
  readonly text: string
  readonly grid: string
  readonly font: string
}

/**
 * Reads what the style sheet says where the chart stands. Custom properties hold `light-dark(…)`, which a canvas
 * does not know: an element that uses them knows what has come of it.
 */
export function readColours(place: HTMLElement): Colours {
  const probe = document.createElement('i')
  probe.hidden = true
  place.append(probe)
  const colour = (name: string): string => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const colours = {
    lines: [colour('--series-1'), colour('--series-2'), colour('--series-3')],
    fill: colour('--accent-soft'),
    text: colour('--text-quiet'),
    grid: colour('--line'),
    font: getComputedStyle(place).fontFamily,
  }
  probe.remove()
  return colours
}

/** Calls whenever the page may look different: the system changes, or somebody chooses. Returns how to end it. */
export function watchTheme(onChange: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const chosen = new MutationObserver(onChange)
  system.addEventListener('change', onChange)
  chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  return () => {
    system.removeEventListener('change', onChange)
    chosen.disconnect()
  }
}
