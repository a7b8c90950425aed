import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { redactAddresses } from './redact.js'

const test = suite('redacted addresses')

test('passwords and queries of web addresses are not shown, everything else is', () => {
  const texts: Record<string, string> = {
    'no volume at https://user:p@host:8080/x?X-Amz-Signature=abc&y=1: it has':
      'no volume at https://host:8080/x?… it has',
    'wrote "https://host/x?token=abc" and https://host/y': 'wrote "https://host/x?…" and https://host/y',
    'HTTP://a:b@host': 'HTTP://host',
    'gs://bucket/a@b?c and s3://x/y?z': 'gs://bucket/a@b?c and s3://x/y?z',
    'precomputed://https://host/v?sig=1|precomputed:': 'precomputed://https://host/v?…',
    'box 0-1_0-2 at /data/a?b': 'box 0-1_0-2 at /data/a?b',
  }
  for (const [text, shown] of Object.entries(texts)) assert.is(redactAddresses(text), shown)
})

test.run()
