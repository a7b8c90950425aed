import { isIP } from 'node:net'
import { hostname } from 'node:os'

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

export const isLoopback = (address: string): boolean =>
  address === 'localhost' || address === '::1' || /^127\./.test(address)

/**
 * True when a `Host` header names this server. A page elsewhere can make a name of its own point here (DNS rebinding),
 * and would then be taken for ours; an address of numbers cannot be made to. The port is not looked at: a tunnel may
 * have another one at its other end.
 */
export function isAllowedHost(header: string | undefined, bind: string): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?$/i.exec(header ?? '')
  if (match === null) return false
  const name = match[1]!.toLowerCase()
  if (LOOPBACK.test(name)) return true
  if (isLoopback(bind)) return false
  const own = hostname().toLowerCase()
  return (
    isIP(name.replace(/^\[|\]$/g, '')) !== 0 ||
    name === bind.toLowerCase() ||
    name === own ||
    name.split('.')[0] === own.split('.')[0]
  )
}
