import { type Figure, UNKNOWN } from './figures.ts'

/** The figures, side by side. */
export function Tiles({ figures }: { readonly figures: readonly Figure[] }) {
  return (
    <dl class="tiles">
      {figures.map(({ label, values, hint }) => (
        <div class="tile" key={label}>
          <dt>{label}</dt>
          <dd class={`tile-values${values.length > 1 ? ' tile-pair' : ''}`}>
            {values.map(({ text, caption }) => (
              <span key={caption} class={`tile-value${text === UNKNOWN ? ' tile-unknown' : ''}`}>
                {text}
                {caption !== undefined && <small> {caption}</small>}
              </span>
            ))}
          </dd>
          <dd class="hint">{hint}</dd>
        </div>
      ))}
    </dl>
  )
}
