/** An address of the web with what may be secret in it: a user and a password, a query (signatures, tokens). */
const WEB_ADDRESS = /(\bhttps?:\/\/)(?:[^\s/?#@"']*@)?([^\s?"']*)(\?[^\s"']*)?/gi

/** A text for people: addresses in it without passwords and queries. */
export const redactAddresses = (text: string): string =>
  text.replace(
    WEB_ADDRESS,
    (_, scheme: string, place: string, query?: string) => `${scheme}${place}${query ? '?…' : ''}`,
  )
