import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

type Common = {
  readonly label: string
  /** What may be written here. */
  readonly hint?: ComponentChildren
  /** What is wrong with what was written. */
  readonly error?: string | undefined
}

/** A line of text with its label. Whatever else an `<input>` takes is handed on. */
export function TextField({ label, hint, error, ...input }: Common & JSX.IntrinsicElements['input']) {
  const id = useId()
  return (
    <Labelled id={id} label={label} hint={hint} error={error}>
      <input type="text" spellcheck={false} autocomplete="off" {...input} {...described(id, hint, error)} />
    </Labelled>
  )
}

/** Several lines of text. */
export function TextArea({ label, hint, error, ...area }: Common & JSX.IntrinsicElements['textarea']) {
  const id = useId()
  return (
    <Labelled id={id} label={label} hint={hint} error={error}>
      <textarea spellcheck={false} autocomplete="off" {...area} {...described(id, hint, error)} />
    </Labelled>
  )
}

/** One of several. */
export function SelectField({
  label,
  hint,
  error,
  options,
  ...select
}: Common &
  JSX.IntrinsicElements['select'] & {
    readonly options: readonly (readonly [value: string, text: string])[]
  }) {
  const id = useId()
  return (
    <Labelled id={id} label={label} hint={hint} error={error}>
      <select {...select} {...described(id, hint, error)}>
        {options.map(([value, text]) => (
          <option key={value} value={value} selected={value === select.value}>
            {text}
          </option>
        ))}
      </select>
    </Labelled>
  )
}

function Labelled({
  id,
  label,
  hint,
  error,
  children,
}: Common & { readonly id: string; readonly children: ComponentChildren }) {
  return (
    <div class={`field${error === undefined ? '' : ' field-bad'}`}>
      <label for={id}>{label}</label>
      {children}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  )
}

function described(id: string, hint: ComponentChildren, error: string | undefined) {
  const ids = [hint === undefined ? [] : [`${id}-hint`], error === undefined ? [] : [`${id}-error`]].flat()
  return {
    id,
    'aria-invalid': error !== undefined,
    ...(ids.length === 0 ? {} : { 'aria-describedby': ids.join(' ') }),
  }
}
