const ZERO = 0x30

/** Writes `value` as exactly `width` decimal digits, so that a prepared message keeps its length. */
export function writeDigits(bytes: Buffer, at: number, width: number, value: number): void {
  let rest = value
  for (let index = at + width - 1; index >= at; index--) {
    const next = Math.floor(rest / 10)
    bytes[index] = ZERO + (rest - next * 10)
    rest = next
  }
  if (rest !== 0) throw new RangeError(`${value} has more than ${width} digits`)
}

/** Reads `width` decimal digits; `NaN` where one of them is none. */
export function readDigits(bytes: Buffer, at: number, width: number): number {
  let value = 0
  for (let index = at; index < at + width; index++) {
    const digit = (bytes[index] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}
