/** An npm registry on loopback that has what a test publishes, and nothing else: it asks no other registry. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface NpmRegistry {
  readonly url: string
  /** Adds a version; it becomes `latest`. @returns the tarball's `sha512-…` */
  publish(manifest: Manifest, tarball: string): string
  /** Serves other bytes for a version than its manifest says. */
  tamper(name: string, version: string, tarball: string): void
  close(): Promise<void>
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
}

interface Version {
  readonly manifest: object
  bytes: Buffer
}

export const integrityOf = (file: string): string =>
  `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`

/** Documents as in https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md, as far as npm reads them. */
export async function npmRegistry(): Promise<NpmRegistry> {
  const packages = new Map<string, Map<string, Version>>()
  const server = createServer((request, response) => {
    const [, name, , file] = /^\/((?:@[^/]+\/)?[^/]+)(\/-\/(.*))?$/.exec(
      decodeURIComponent(request.url ?? ''),
    ) ?? [undefined, '']
    const versions = packages.get(name ?? '')
    const answer = (code: number, type: string, body: Buffer | string): void => {
      response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' })
      response.end(body)
    }
    if (versions === undefined) return answer(404, 'application/json', '{"error":"not_found"}')
    if (file !== undefined) {
      const found = versions.get(file.replace(/\.tgz$/, ''))
      return found === undefined
        ? answer(404, 'application/json', '{"error":"not_found"}')
        : answer(200, 'application/octet-stream', found.bytes)
    }
    return answer(
      200,
      'application/json',
      JSON.stringify({
        name,
        'dist-tags': { latest: [...versions.keys()].at(-1) },
        versions: Object.fromEntries([...versions].map(([version, { manifest }]) => [version, manifest])),
      }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    url,
    publish(manifest, tarball) {
      const { name, version } = manifest
      const integrity = integrityOf(tarball)
      const versions = packages.get(name) ?? new Map<string, Version>()
      packages.set(name, versions)
      versions.set(version, {
        manifest: { ...manifest, dist: { tarball: `${url}${name}/-/${version}.tgz`, integrity } },
        bytes: readFileSync(tarball),
      })
      return integrity
    },
    tamper(name, version, tarball) {
      packages.get(name)!.get(version)!.bytes = readFileSync(tarball)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
