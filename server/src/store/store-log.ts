/** Where the store says what an operator should know. The server's log fits. */
export interface StoreLog {
  error(message: string, fields: { readonly err: Error; readonly problem?: string }): void
  warn(message: string, fields: { readonly [name: string]: string | number }): void
  info(message: string, fields: { readonly [name: string]: string | number }): void
}

export const silentLog: StoreLog = { error: () => {}, warn: () => {}, info: () => {} }
