/** What an attacker's process is told: where the server is, and who the attacker may be. */
export type Target = {
  readonly url: string
  readonly port: number
  /** A user of the organization `evil`, and one of the victim's own organization. */
  readonly mallory: { readonly username: string; readonly token: string }
  readonly insider: { readonly username: string; readonly token: string }
  /** A backend of `evil`. */
  readonly backendToken: string
}
