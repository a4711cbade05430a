/** Two tones at once for a second, then two seconds of silence: as telephones ring. */
const TONES_HZ = [440, 480]
const RING_S = 1
const PERIOD_S = 3
/** Longer than anything rings. */
const RINGS_MAX = 25
const LOUDNESS = 0.08
const RAMP_S = 0.02

/**
 * A ring tone made by the browser itself. Browsers keep a page silent until somebody has clicked or pressed a key in it:
 * until `unlock` was called from there, nothing is heard, and the page shows the ring only.
 */
export class RingTone {
  #context: AudioContext | undefined
  #isWanted = false
  #isMuted = false
  #stop: (() => void) | undefined

  /** To be called while a click or a key is being handled. */
  unlock(): void {
    this.#context ??= new AudioContext()
    // Refused where the page is silenced for good: it then rings to the eye.
    void this.#context.resume().catch(() => undefined)
    this.#update()
  }

  ring(isWanted: boolean): void {
    this.#isWanted = isWanted
    this.#update()
  }

  mute(isMuted: boolean): void {
    this.#isMuted = isMuted
    this.#update()
  }

  #update(): void {
    const isOn = this.#isWanted && !this.#isMuted && this.#context !== undefined
    if (isOn && this.#context !== undefined) this.#stop ??= play(this.#context)
    if (!isOn) {
      this.#stop?.()
      this.#stop = undefined
    }
  }
}

/** Plays until the returned function is called. The audio clock keeps the beat: no timer of the page. */
function play(context: AudioContext): () => void {
  const gain = context.createGain()
  gain.gain.value = 0
  gain.connect(context.destination)
  for (let ring = 0; ring < RINGS_MAX; ring++) {
    const atS = context.currentTime + ring * PERIOD_S
    gain.gain.setValueAtTime(0, atS)
    gain.gain.linearRampToValueAtTime(LOUDNESS, atS + RAMP_S)
    gain.gain.setValueAtTime(LOUDNESS, atS + RING_S)
    gain.gain.linearRampToValueAtTime(0, atS + RING_S + RAMP_S)
  }
  const oscillators = TONES_HZ.map((frequency) => new OscillatorNode(context, { frequency }))
  for (const oscillator of oscillators) {
    oscillator.connect(gain)
    oscillator.start()
  }
  return () => {
    for (const oscillator of oscillators) oscillator.stop()
    gain.disconnect()
  }
}
