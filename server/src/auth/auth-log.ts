type Fields = { readonly [name: string]: string | number | boolean | null | undefined | Error }

/** Where this room reports. Never a token, a secret or a password. */
export interface AuthLog {
  error(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  debug(message: string, fields?: Fields): void
}
