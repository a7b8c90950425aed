import type { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { Storage, WriteOptions } from '@chunkflow/sdk'
import {
  bucketKeys,
  collectBody,
  conflict,
  cutRange,
  type Limit,
  type RetrySettings,
  rangeHeader,
  retry,
  sameBytes,
  unshared,
} from '@chunkflow/sdk/storage'
import type { FoundCredential } from './credentials.js'
import type { S3Location } from './location.js'
import { isMissing, s3Failure, statusOf } from './s3-failures.js'
import type { S3Settings } from './settings.js'

/** What all places of a bucket share. */
export interface S3Access {
  readonly client: S3Client
  readonly credential: FoundCredential
  readonly settings: S3Settings
  readonly limit: Limit
  readonly idleTimeoutMs: number
  readonly retrying: Omit<RetrySettings, 'signal'>
}

interface Part {
  readonly answer?: GetObjectCommandOutput
  readonly bytes: Uint8Array
}

/** A folder of a bucket, or all of it. */
export function openS3Storage({ bucket, folder, root }: S3Location, access: S3Access): Storage {
  const { client, settings, limit, idleTimeoutMs, retrying } = access
  const keys = bucketKeys(folder)
  const common = {
    Bucket: bucket,
    ...(settings.requesterPays ? { RequestPayer: 'requester' as const } : {}),
  }

  /** Tries again what deserves it. `recover` may turn an error into a result, which is not undefined. */
  async function ask<T>(
    action: string,
    key: string,
    signal: AbortSignal | undefined,
    send: (options: { abortSignal?: AbortSignal }) => Promise<T>,
    recover: (error: unknown, attempt: number) => Promise<T | undefined> = async () => undefined,
  ): Promise<T> {
    const attempt = (number: number): Promise<T> =>
      limit(async () => {
        signal?.throwIfAborted()
        try {
          return await send(signal === undefined ? {} : { abortSignal: signal })
        } catch (error) {
          const recovered = await recover(error, number)
          if (recovered === undefined) throw error
          return recovered
        }
      })
    try {
      return await retry(attempt, { ...retrying, signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw s3Failure({ action, place: `${root}/${key}`, root }, error)
    }
  }

  /** The object or a part of it, with its body read; without an answer when the part lies behind the end. */
  async function get(key: string, signal: AbortSignal | undefined, range?: string): Promise<Part | null> {
    const input = { ...common, Key: keys.nameOf(key), ...(range === undefined ? {} : { Range: range }) }
    return ask<Part | null>(
      'read',
      key,
      signal,
      async (options) => {
        const answer = await client.send(new GetObjectCommand(input), options)
        const expectedBytes = answer.ContentLength
        const bytes = await collectBody(answer.Body as Readable, { expectedBytes, idleTimeoutMs, signal })
        return { answer, bytes }
      },
      async (error) => {
        if (isMissing(error)) return null
        return statusOf(error) === 416 ? { bytes: new Uint8Array(0) } : undefined
      },
    )
  }

  async function size(key: string, signal: AbortSignal | undefined): Promise<number | null> {
    const input = { ...common, Key: keys.nameOf(key) }
    return ask<number | null>(
      'read',
      key,
      signal,
      async (options) => (await client.send(new HeadObjectCommand(input), options)).ContentLength ?? 0,
      async (error) => (isMissing(error) ? null : undefined),
    )
  }

  async function write(
    key: string,
    bytes: Uint8Array,
    { contentType, contentEncoding, cacheControl, ifAbsent, ifVersion, signal }: WriteOptions,
  ): Promise<void> {
    const Key = keys.nameOf(key)
    const body = unshared(bytes)
    const command = {
      ...common,
      Key,
      Body: body,
      ContentType: contentType ?? 'application/octet-stream',
      ...(contentEncoding === undefined ? {} : { ContentEncoding: contentEncoding }),
      ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
      ...(ifAbsent ? { IfNoneMatch: '*' } : {}),
      ...(ifVersion === undefined ? {} : { IfMatch: ifVersion }),
    }
    await ask(
      'write',
      key,
      signal,
      async (options) => {
        await client.send(new PutObjectCommand(command), options)
        return true
      },
      async (error, attempt) => {
        const conditional = ifAbsent || ifVersion !== undefined
        if (!conditional || (statusOf(error) !== 412 && !isMissing(error))) return undefined
        // an earlier try may have written it before its answer was lost
        if (attempt > 1) {
          const found = await client.send(new GetObjectCommand({ ...common, Key })).catch(() => undefined)
          const there = await found?.Body?.transformToByteArray()
          if (there !== undefined && sameBytes(there, body)) return true
        }
        throw conflict(`${root}/${key}`, { ifAbsent: ifAbsent ?? false })
      },
    )
  }

  return {
    root,
    read: async (key, { signal } = {}) => {
      const found = await get(key, signal)
      if (found === null) return null
      const { ContentEncoding: contentEncoding, ETag: version } = found.answer ?? {}
      return {
        bytes: found.bytes,
        ...(contentEncoding ? { contentEncoding } : {}),
        ...(version === undefined ? {} : { version }),
      }
    },
    readRange: async (key, start, length, { signal } = {}) => {
      if (length <= 0) return (await size(key, signal)) === null ? null : new Uint8Array(0)
      const found = await get(key, signal, rangeHeader(start, length))
      if (found?.answer === undefined) return found?.bytes ?? null
      return cutRange(found.bytes, found.answer.ContentRange, { start, length, place: `${root}/${key}` })
    },
    size: async (key, { signal } = {}) => size(key, signal),
    write: (key, bytes, options = {}) => write(key, bytes, options),
    async *list(prefix, { signal } = {}) {
      const Prefix = keys.beginningOf(prefix)
      for (let token: string | undefined, more = true; more; more = token !== undefined) {
        const page = await ask('list', prefix, signal, (options) =>
          client.send(
            new ListObjectsV2Command({
              ...common,
              Prefix,
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
            options,
          ),
        )
        for (const { Key = '' } of page.Contents ?? []) {
          const key = keys.keyOf(Key)
          if (key !== undefined) yield key
        }
        token = page.IsTruncated ? page.NextContinuationToken : undefined
      }
    },
    delete: async (key, { signal } = {}) => {
      const Key = keys.nameOf(key)
      await ask(
        'delete',
        key,
        signal,
        async (options) => {
          await client.send(new DeleteObjectCommand({ ...common, Key }), options)
          return true
        },
        async (error) => (isMissing(error) ? true : undefined),
      )
    },
    describeAccess: async () => ({
      credential: access.credential.description,
      facts: {
        endpoint: settings.endpoint ?? 'Amazon S3',
        region: settings.region,
        'requester pays': settings.requesterPays ? 'yes (AWS_REQUEST_PAYER)' : 'no',
      },
    }),
  }
}
