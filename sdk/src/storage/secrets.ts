/** A URL for messages: without a user, a password, a query (signatures, tokens) and a fragment. */
export const withoutSecrets = (url: string): string =>
  url.replace(/[?#].*$/s, '').replace(/:\/\/[^/@]*@/, '://')
