/** A throwaway mark, formatted but otherwise as it was: what this machine and KafkaJS allow, with no checks, 8 decimals in doubles, no dead letters and no durability. */

import kafkajs from 'kafkajs'
import BT from 'sorted-btree'

const BTree = BT.default ?? BT
const { Kafka, logLevel, Partitioners } = kafkajs
const { BROKERS, IN, OUT } = process.env
const kafka = new Kafka({
  brokers: [BROKERS],
  logLevel: logLevel.NOTHING,
  retry: { initialRetryTime: 20 },
})
// decimals: price 1e-? mantissa kept as scaled to 8 decimals double-int where safe; prototype only
const symHash = new Map(),
  syms = []
function intern(b, s, e) {
  let h = 0x811c9dc5
  for (let i = s; i < e; i++) h = Math.imul(h ^ b[i], 16777619)
  h >>>= 0
  let x = symHash.get(h)
  if (x === undefined) {
    x = syms.length
    syms.push(b.latin1Slice(s, e))
    symHash.set(h, x)
  }
  return x
}
const POW = [1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 10, 1]
const o = { id: 0, sym: 0, side: 0, price: 0, size: 0, open: 0 }
function scan(b) {
  let i = 1
  if (b[0] !== 123) return false
  for (;;) {
    if (b[i] !== 34) return false
    const ks = ++i
    while (b[i] !== 34) i++
    const kl = i - ks
    i++
    if (b[i] !== 58) return false
    i++
    if (b[i] === 34) {
      const vs = ++i
      while (b[i] !== 34) i++
      const ve = i++
      if (kl === 6 && b[ks + 1] === 121) o.sym = intern(b, vs, ve)
      else if (kl === 10) o.side = b[vs] === 66 ? 0 : 1
      else if (kl === 6) o.open = b[vs] === 79 ? 1 : 0
    } else {
      let m = 0,
        exp = 0,
        dot = 0,
        ch = b[i]
      for (;;) {
        if (ch >= 48 && ch <= 57) {
          m = m * 10 + ch - 48
          exp += dot
        } else if (ch === 46) dot = 1
        else break
        ch = b[++i]
      }
      if (kl === 8) o.id = m
      else if (kl === 4) o.size = m * POW[exp]
      else if (kl === 5) o.price = m * POW[exp]
    }
    if (b[i] === 44) {
      i++
      continue
    }
    return b[i] === 125
  }
}
class Orders {
  constructor(cap) {
    this.alloc(cap)
    this.n = 0
  }
  alloc(cap) {
    this.cap = cap
    this.mask = cap - 1
    this.k = new Float64Array(cap)
    this.lv = new Uint32Array(cap)
    this.sz = new Float64Array(cap)
  }
  h(id) {
    return (Math.imul(id | 0, 0x9e3779b1) >>> 0) & this.mask
  }
  find(id) {
    let i = this.h(id)
    const k = this.k
    while (k[i] !== 0 && k[i] !== id) i = (i + 1) & this.mask
    return i
  }
  add(i, id, lv, sz) {
    this.k[i] = id
    this.lv[i] = lv
    this.sz[i] = sz
    if (++this.n > this.cap * 0.6) this.grow()
  }
  grow() {
    const { k, lv, sz, cap } = this
    this.alloc(cap * 2)
    for (let j = 0; j < cap; j++)
      if (k[j] !== 0) {
        const i = this.find(k[j])
        this.k[i] = k[j]
        this.lv[i] = lv[j]
        this.sz[i] = sz[j]
      }
  }
  del(i) {
    const k = this.k,
      m = this.mask
    let j = i
    for (;;) {
      j = (j + 1) & m
      if (k[j] === 0) break
      const h = this.h(k[j])
      if (i <= j ? i < h && h <= j : i < h || h <= j) continue
      k[i] = k[j]
      this.lv[i] = this.lv[j]
      this.sz[i] = this.sz[j]
      i = j
    }
    k[i] = 0
    this.n--
  }
}
const orders = new Orders(1 << 18)
// levels: id -> price, amount, count ; per book Map price->level id; free list
let lvPrice = new Float64Array(1 << 16),
  lvAmt = new Float64Array(1 << 16),
  lvCnt = new Uint32Array(1 << 16),
  lvBook = new Uint16Array(1 << 16),
  lvDirty = new Uint8Array(1 << 16)
let lvN = 0
const free = []
const dirty = []
const books = [] // index sym*2+side -> {map,tree}
function level(bi, price) {
  let bk = books[bi]
  if (!bk)
    bk = books[bi] = {
      map: new Map(),
      tree: new BTree(undefined, bi & 1 ? (a, b) => a - b : (a, b) => b - a),
    }
  let l = bk.map.get(price)
  if (l === undefined) {
    l = free.length ? free.pop() : lvN++
    if (l >= lvPrice.length) {
      const g = (A, C) => {
        const x = new C(A.length * 2)
        x.set(A)
        return x
      }
      lvPrice = g(lvPrice, Float64Array)
      lvAmt = g(lvAmt, Float64Array)
      lvCnt = g(lvCnt, Uint32Array)
      lvBook = g(lvBook, Uint16Array)
      lvDirty = g(lvDirty, Uint8Array)
    }
    lvPrice[l] = price
    lvAmt[l] = 0
    lvCnt[l] = 0
    lvBook[l] = bi
    bk.map.set(price, l)
  }
  return l
}
function touch(l) {
  if (!lvDirty[l]) {
    lvDirty[l] = 1
    dirty.push(l)
  }
}
let n = 0,
  first = 0
function apply(b) {
  if (!scan(b)) return
  n++
  const i = orders.find(o.id)
  if (o.open) {
    if (orders.k[i] !== 0) return
    const l = level((o.sym << 1) | o.side, o.price)
    lvAmt[l] += o.size
    lvCnt[l]++
    touch(l)
    orders.add(i, o.id, l, o.size)
  } else if (orders.k[i] !== 0) {
    const l = orders.lv[i]
    lvAmt[l] -= orders.sz[i]
    lvCnt[l]--
    touch(l)
    orders.del(i)
  }
}
function dec(m, scale) {
  // bigint mantissa -> shortest text
  let s = m.toString()
  if (s.length <= scale) s = '0'.repeat(scale - s.length + 1) + s
  const a = s.slice(0, -scale),
    f = s.slice(-scale)
  let e = f.length
  while (e > 0 && f.charCodeAt(e - 1) === 48) e--
  return e ? `${a}.${f.slice(0, e)}` : a
}
function message() {
  for (const l of dirty) {
    lvDirty[l] = 0
    const bk = books[lvBook[l]]
    if (lvCnt[l] === 0) {
      bk.tree.delete(lvPrice[l])
      bk.map.delete(lvPrice[l])
      free.push(l)
    } else bk.tree.set(lvPrice[l], l)
  }
  dirty.length = 0
  const out = []
  const order = syms.map((s, i) => [s, i]).sort((a, b) => (a[0] < b[0] ? -1 : 1))
  for (const [s, si] of order) {
    const sides = [0, 1].map((d) => {
      const r = []
      const bk = books[(si << 1) | d]
      if (!bk) return r
      let c = 0n,
        k = 0
      for (const l of bk.tree.values()) {
        const p = BigInt(lvPrice[l]),
          a = BigInt(lvAmt[l]),
          t = p * a
        c += t
        r.push(
          `{"symbol":"${s}","side":"${d ? 'sell' : 'buy'}_${++k}","price":${dec(p, 8)},"amount":${dec(a, 8)},"total":${dec(t, 16)},"cum_sum":${dec(c, 16)}}`,
        )
      }
      return r
    })
    for (let i = 0; i < Math.max(sides[0].length, sides[1].length); i++) {
      if (sides[0][i]) out.push(sides[0][i])
      if (sides[1][i]) out.push(sides[1][i])
    }
  }
  return `[${out.join(',')}]`
}
const consumer = kafka.consumer({
  groupId: `p${Date.now()}`,
  maxBytesPerPartition: 4 << 20,
  maxBytes: 32 << 20,
  maxWaitTimeInMs: 100,
  minBytes: 1,
  sessionTimeout: 10000,
})
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
await Promise.all([consumer.connect(), producer.connect()])
await consumer.subscribe({ topics: [IN], fromBeginning: true })
let busy = 0
const sleep = () => new Promise((r) => setImmediate(r))
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: true,
  partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch }) => {
    if (!first) {
      first = Date.now()
      console.log('FIRST_RECORD', first)
    }
    const ms = batch.messages
    for (let i = 0; i < ms.length; ) {
      const end = Math.min(i + 2000, ms.length)
      const t = performance.now()
      for (; i < end; i++) apply(ms[i].value)
      busy += performance.now() - t
      await sleep()
    }
  },
})
let inflight = false
function tick() {
  const now = Date.now()
  setTimeout(tick, 1000 - (now % 1000) || 1000)
  if (inflight || !first) return
  const t = performance.now()
  const m = message()
  const d = performance.now() - t
  inflight = true
  producer.send({ topic: OUT, messages: [{ key: 'job', value: m, timestamp: String(now) }] }).then(
    () => {
      inflight = false
    },
    (e) => {
      inflight = false
      console.log(e.message)
    },
  )
  console.log(
    'tick',
    now % 1000,
    'n',
    n,
    'msg ms',
    d.toFixed(1),
    'apply ms',
    busy.toFixed(0),
    'rss',
    (process.memoryUsage().rss / 1e6).toFixed(0),
  )
  if (process.env.EXIT_AT && n >= +process.env.EXIT_AT) process.exit()
}
setTimeout(tick, 1000 - (Date.now() % 1000))
