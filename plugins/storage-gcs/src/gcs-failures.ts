import { type ChunkflowError, chunkflowError } from '@chunkflow/sdk'
import { type FailedRequest, type HttpAnswer, refusedRequest } from '@chunkflow/sdk/storage'

/** Longer answers are pages for browsers. */
const LONGEST_SENTENCE = 300

/** The sentence in an answer: of the JSON API an object, of downloads plain text. */
function sentenceOf({ bytes, headers }: HttpAnswer): string {
  const text = Buffer.from(bytes).toString()
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? ''
  } catch {
    const isText = headers['content-type']?.startsWith('text/plain') ?? true
    return isText && text.length <= LONGEST_SENTENCE ? text.trim() : ''
  }
}

/** Whether a 404 is about the bucket. */
export const isBucketMissing = (answer: HttpAnswer): boolean =>
  answer.status === 404 && /specified bucket does not exist/i.test(sentenceOf(answer))

export function gcsFailure(where: FailedRequest, answer: HttpAnswer): ChunkflowError {
  if (isBucketMissing(answer) || (answer.status === 404 && where.action === 'list'))
    return chunkflowError(
      'storage-missing',
      `Cannot ${where.action} ${where.place}: there is no such bucket`,
      {
        fix: 'check the name of the bucket',
      },
    )
  return refusedRequest(where, answer.status, sentenceOf(answer).replace(/\.$/, ''))
}
