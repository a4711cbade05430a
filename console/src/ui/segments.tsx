/** One of a few, side by side: radio buttons that look like a switch. */
export function Segments<T extends string>({
  legend,
  name,
  options,
  value,
  onChange,
  isLegendShown = false,
}: {
  readonly legend: string
  readonly name: string
  readonly options: readonly (readonly [value: T, text: string])[]
  readonly value: T
  readonly onChange: (value: T) => void
  readonly isLegendShown?: boolean
}) {
  return (
    <fieldset>
      <legend class={isLegendShown ? undefined : 'visually-hidden'}>{legend}</legend>
      <div class="segments">
        {options.map(([each, text]) => (
          <label key={each}>
            <input
              type="radio"
              name={name}
              value={each}
              checked={each === value}
              onChange={() => onChange(each)}
            />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
