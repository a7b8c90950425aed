import type { Storage } from '@chunkflow/sdk'
import {
  type BucketPlace,
  bucketKeys,
  conflict,
  cutRange,
  type HttpAnswer,
  type HttpClient,
  type HttpRequest,
  rangeHeader,
  sameBytes,
} from '@chunkflow/sdk/storage'
import type { GoogleCredential } from './credentials.js'
import { gcsFailure, isBucketMissing } from './gcs-failures.js'
import type { GcsSettings } from './settings.js'
import { multipart } from './upload.js'

export interface GcsAccess {
  readonly client: HttpClient
  readonly settings: GcsSettings
  readonly credential: GoogleCredential
}

/** Objects that are kept compressed come as they are: without this header Google unpacks them on the way. */
const AS_STORED = { 'accept-encoding': 'gzip' }
const PAGE_KEYS = 1000

/** A folder of a bucket, or all of it, through the JSON API (https://cloud.google.com/storage/docs/json_api). */
export function openGcsStorage({ bucket, folder }: BucketPlace, access: GcsAccess): Storage {
  const { client, settings, credential } = access
  const { endpoint, userProject } = settings
  const keys = bucketKeys(folder)
  const root = `gs://${bucket}${folder === '' ? '' : `/${folder}`}`
  const objects = `${endpoint}/storage/v1/b/${bucket}/o`
  const objectUrl = (key: string, query: string): URL =>
    new URL(`${objects}/${encodeURIComponent(keys.nameOf(key))}?${query}`)

  /** Answers of the statuses named, and those that mean success; others are errors. */
  async function ask(
    { action, key, allowed = [], headers = {}, ...request }: Question,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> {
    signal?.throwIfAborted()
    const where = { action, place: `${root}/${key}`, root }
    const answer = await client.send({
      ...request,
      ...where,
      signal,
      headers: async () => ({
        ...(userProject === undefined ? {} : { 'x-goog-user-project': userProject }),
        ...(await credential.headers()),
        ...headers,
      }),
    })
    if (answer.status < 300 || (allowed.includes(answer.status) && !isBucketMissing(answer))) return answer
    throw gcsFailure(where, answer)
  }

  const read = (key: string, signal: AbortSignal | undefined): Promise<HttpAnswer> =>
    ask(
      {
        action: 'read',
        method: 'GET',
        key,
        url: objectUrl(key, 'alt=media'),
        headers: AS_STORED,
        allowed: [404],
      },
      signal,
    )

  async function size(key: string, signal: AbortSignal | undefined): Promise<number | null> {
    const url = objectUrl(key, 'fields=size')
    const { status, bytes } = await ask({ action: 'read', method: 'GET', key, url, allowed: [404] }, signal)
    return status === 404 ? null : Number(parse<{ size?: string }>(bytes).size ?? 0)
  }

  return {
    root,
    read: async (key, { signal } = {}) => {
      const { status, headers, bytes } = await read(key, signal)
      if (status === 404) return null
      const { 'content-encoding': contentEncoding, 'x-goog-generation': version } = headers
      return {
        bytes,
        ...(contentEncoding === undefined ? {} : { contentEncoding }),
        ...(typeof version === 'string' ? { version } : {}),
      }
    },
    readRange: async (key, start, length, { signal } = {}) => {
      const url = objectUrl(key, 'alt=media')
      if (length <= 0) return (await size(key, signal)) === null ? null : new Uint8Array(0)
      const headers = { ...AS_STORED, range: rangeHeader(start, length) }
      const answer = await ask(
        { action: 'read', method: 'GET', key, url, headers, allowed: [404, 416] },
        signal,
      )
      if (answer.status === 404) return null
      if (answer.status === 416) return new Uint8Array(0)
      return cutRange(answer.bytes, answer.headers['content-range'], {
        start,
        length,
        place: `${root}/${key}`,
      })
    },
    size: async (key, { signal } = {}) => size(key, signal),
    write: async (key, bytes, { ifAbsent, ifVersion, signal, ...kept } = {}) => {
      const condition = ifAbsent ? '0' : ifVersion
      const { body, contentType } = multipart(keys.nameOf(key), bytes, kept)
      const url = new URL(
        `${endpoint}/upload/storage/v1/b/${bucket}/o?uploadType=multipart&fields=generation${condition === undefined ? '' : `&ifGenerationMatch=${encodeURIComponent(condition)}`}`,
      )
      const { status, attempts } = await ask(
        {
          action: 'write',
          method: 'POST',
          key,
          url,
          body,
          headers: { 'content-type': contentType },
          allowed: condition === undefined ? [] : [404, 412],
        },
        signal,
      )
      if (status < 300) return
      // an earlier try may have written it before its answer was lost
      if (attempts > 1) {
        const found = await read(key, signal)
        if (found.status < 300 && sameBytes(found.bytes, bytes)) return
      }
      throw conflict(`${root}/${key}`, { ifAbsent: ifAbsent ?? false })
    },
    async *list(prefix, { signal } = {}) {
      const beginning = keys.beginningOf(prefix)
      for (let token: string | undefined = ''; token !== undefined; ) {
        const query = new URLSearchParams({
          prefix: beginning,
          maxResults: String(PAGE_KEYS),
          fields: 'items(name),nextPageToken',
          ...(token === '' ? {} : { pageToken: token }),
        })
        const url = new URL(`${objects}?${query}`)
        const { bytes } = await ask({ action: 'list', method: 'GET', key: prefix, url }, signal)
        const page: Page = parse<Page>(bytes)
        for (const { name } of page.items ?? []) {
          const key = keys.keyOf(name)
          if (key !== undefined) yield key
        }
        token = page.nextPageToken
      }
    },
    delete: async (key, { signal } = {}) => {
      const url = objectUrl(key, '')
      await ask({ action: 'delete', method: 'DELETE', key, url, allowed: [404] }, signal)
    },
    describeAccess: async () => ({
      credential: credential.description,
      facts: {
        endpoint,
        'requester pays': userProject === undefined ? 'no' : `project ${userProject} (GS_USER_PROJECT)`,
      },
    }),
  }
}

interface Question extends Pick<HttpRequest, 'method' | 'url' | 'body'> {
  readonly action: string
  readonly key: string
  readonly headers?: Readonly<Record<string, string>>
  readonly allowed?: readonly number[]
}

interface Page {
  readonly items?: readonly { readonly name: string }[]
  readonly nextPageToken?: string
}

const parse = <T>(bytes: Uint8Array): T => JSON.parse(Buffer.from(bytes).toString()) as T
