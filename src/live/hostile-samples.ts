/** Records that a careless reader takes wrongly or dies of, for the picker of the live page. */

export interface HostileSample {
  readonly name: string
  /** Sent one after another. */
  readonly records: readonly Uint8Array[]
}

const encoder = new TextEncoder()
/** Away from the seeded books, so that it is seen what a record does. */
const SYMBOL = 'TEST-USDT'

interface Fields {
  readonly [key: string]: string
}

/** An OPEN whose fields are raw JSON. */
function open(fields: Fields): string {
  const all = {
    order_id: '1',
    symbol: `"${SYMBOL}"`,
    order_side: '"BUY"',
    size: '1',
    price: '100',
    status: '"OPEN"',
    created_at: '1693973208',
    ...fields,
  }
  return `{${Object.entries(all)
    .map(([key, raw]) => `"${key}":${raw}`)
    .join(',')}}`
}

function close(id: string): string {
  return `{"order_id":${id},"status":"CLOSED","created_at":1693973208}`
}

function sample(name: string, ...records: readonly (string | Uint8Array)[]): HostileSample {
  return {
    name,
    records: records.map((record) =>
      typeof record === 'string' ? encoder.encode(record) : record,
    ),
  }
}

/** What is applied has an id above 1,000,000, which no seeded order will have while somebody looks on. */
export const HOSTILE_SAMPLES: readonly HostileSample[] = [
  sample('An id that is a float: 1.0', open({ order_id: '1.0' })),
  sample('An id with an exponent: 1e3', open({ order_id: '1e3' })),
  sample('A negative zero as id: -0', open({ order_id: '-0' })),
  sample(
    'Two ids above 2^53 that one double cannot tell apart',
    open({ order_id: '9007199254740992', size: '0.5' }),
    open({ order_id: '9007199254740993', size: '0.25' }),
  ),
  sample('A duplicate key', open({}).replace('{', '{"price":1,')),
  sample('A duplicate key, one of them escaped', open({}).replace('{', '{"\\u0070rice":1,')),
  sample('NaN as price, as Python prints it', open({ price: 'NaN' })),
  sample('A size of 1e-05', open({ order_id: '1000001', size: '1e-05', price: '101' })),
  sample(
    'A tenth and two tenths at one price',
    open({ order_id: '1000002', order_side: '"SELL"', size: '0.1', price: '102' }),
    open({ order_id: '1000003', order_side: '"SELL"', size: '0.2', price: '102' }),
  ),
  sample(
    'A key and numbers spelled oddly, all valid',
    open({ order_id: '"1000004"', size: '"2.50"', price: '1030e-1' }).replace(
      '"size"',
      '"\\u0073ize"',
    ),
  ),
  sample('A close of an id that nobody opened', close('1000005')),
  sample('A close before its open', close('1000006'), open({ order_id: '1000006' })),
  sample(
    'Two closes of one order',
    open({ order_id: '1000007' }),
    close('1000007'),
    close('1000007'),
  ),
  sample(
    'An order opened again after its close',
    open({ order_id: '1000008' }),
    close('1000008'),
    open({ order_id: '1000008' }),
  ),
  sample(
    'An open order under another symbol',
    open({ order_id: '1000009' }),
    open({ order_id: '1000009', symbol: '"OTHER-USDT"' }),
  ),
  sample(
    'The same open twice, then amended',
    open({ order_id: '1000010', price: '104' }),
    open({ order_id: '1000010', price: '104.0' }),
    open({ order_id: '1000010', price: '104', size: '3' }),
  ),
  sample('A price of nineteen digits', open({ price: '1234567890.123456789' })),
  sample('A negative size', open({ size: '-1' })),
  sample('A size of zero', open({ size: '0.000' })),
  sample('No price', open({}).replace(/"price":[^,]*,/, '')),
  sample('A status in small letters', open({ status: '"open"' })),
  sample('Markup as symbol', open({ symbol: '"<img src=x onerror=alert(1)>"' })),
  sample('A list instead of an object', `[${open({})}]`),
  sample('Cut short', open({}).slice(0, -20)),
  sample('Text behind the object', `${open({})} true`),
  sample('A byte order mark', `\uFEFF${open({})}`),
  sample('Bytes that are no UTF-8', withByte(open({}), 0xff)),
  sample('Nothing at all', ''),
  sample(
    '30,000 nested lists in a field that nobody asked for',
    open({ order_id: '1000011', price: '99', x: `${'['.repeat(30_000)}${']'.repeat(30_000)}` }),
  ),
  sample('One byte too long: 65,537', open({}).padEnd(65_537)),
]

/** The record with the first letter of its status overwritten. */
function withByte(text: string, byte: number): Uint8Array {
  const bytes = encoder.encode(text)
  bytes[text.indexOf('OPEN')] = byte
  return bytes
}
