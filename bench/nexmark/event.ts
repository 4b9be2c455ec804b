import { createIds, type IdOptions, openAuctions } from './ids.ts'
import { Random } from './random.ts'
import { roundAuctions, roundEvents, typeOf } from './shape.ts'

export interface EventOptions extends IdOptions {
  readonly seed: number
  /** Events a second of event time. */
  readonly rate: number
}

const firstNames = ['Ada', 'Ben', 'Cleo', 'Dora', 'Emil', 'Fay', 'Gus', 'Hana', 'Ivo', 'June', 'Karl']
const lastNames = ['Abbot', 'Baker', 'Carver', 'Dyer', 'Fuller', 'Glover', 'Mason', 'Porter', 'Turner']
const cities = ['Phoenix', 'Los Angeles', 'San Francisco', 'Boise', 'Portland', 'Bend', 'Redmond', 'Seattle', 'Kent', 'Cheyenne']
const states = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY']
const hotChannels = ['Google', 'Facebook', 'Baidu', 'Apple']
const categories = { first: 10, count: 5 }
/** What an event of each type is padded to on average, as the published sizes are. */
const sizes = { person: 200, auction: 500, bid: 100 }
const begin = Date.UTC(2026, 0, 1)

/** Event `n` as the canonical JSON of its type's schema, byte for byte what `append` would write. */
export function createEvents(options: EventOptions): (n: number) => string {
  const { seed, rate } = options
  const ids = createIds(options)
  const random = new Random()
  const letters = pool(seed)
  const url = urls(seed)
  const stamp = stamps()
  const at = (n: number) => begin + Math.floor((n * 1000) / rate)
  /** Until so many more auctions have come. */
  const horizon = Math.floor((openAuctions * roundEvents) / roundAuctions)
  const price = () => Math.round(10 ** (random.unit() * 6) * 100)
  const padding = (used: number, size: number) => {
    const fifth = Math.round((size - used) / 5)
    const length = size - used - fifth + random.below(2 * fifth + 1)
    const from = random.below(letters.length - length)
    return letters.slice(from, from + length)
  }
  const person = (n: number) => {
    const name = `${random.pick(firstNames)} ${random.pick(lastNames)}`
    const mail = `${random.word(7, '_')}@${random.word(5, '_')}.com`
    const card = Array.from({ length: 4 }, () => String(random.below(10_000)).padStart(4, '0')).join(' ')
    const city = random.pick(cities)
    const state = random.pick(states)
    const extra = padding(8 + name.length + mail.length + card.length + city.length + state.length, sizes.person)
    return `{"id":${ids.person(n)},"name":"${name}","emailAddress":"${mail}","creditCard":"${card}","city":"${city}","state":"${state}","dateTime":"${stamp(at(n))}","extra":"${extra}"}`
  }
  const auction = (n: number) => {
    const seller = ids.seller(n, random)
    const category = categories.first + random.below(categories.count)
    const initial = price()
    const reserve = initial + price()
    const open = 1 + random.below(Math.max((at(n + horizon) - at(n)) * 2, 1))
    const item = random.word(20, ' ')
    const about = random.word(100, ' ')
    const extra = padding(48 + item.length + about.length, sizes.auction)
    return `{"id":${ids.auction(n)},"itemName":"${item}","description":"${about}","initialBid":${initial},"reserve":${reserve},"dateTime":"${stamp(at(n))}","expires":"${stamp(at(n) + open)}","seller":${seller},"category":${category},"extra":"${extra}"}`
  }
  const bid = (n: number) => {
    const of = ids.bidAuction(n, random)
    const by = ids.bidder(n, random)
    const amount = price()
    const { hot, index } = ids.channel(random)
    const channel = hot ? hotChannels[index] : `channel-${index}`
    return `{"auction":${of},"bidder":${by},"price":${amount},"channel":"${channel}","url":"${url(hot, index)}","dateTime":"${stamp(at(n))}","extra":"${padding(32, sizes.bid)}"}`
  }
  const kinds = [person, auction, bid]
  return (n) => {
    random.restart(seed, n)
    return (kinds[typeOf(n)] as (n: number) => string)(n)
  }
}

/** Letters to cut paddings from: drawing each one anew would cost more than all the rest. */
function pool(seed: number): string {
  const random = new Random()
  random.restart(seed, -1)
  return String.fromCharCode(...Array.from({ length: 1 << 16 }, () => 97 + random.below(26)))
}

/** A channel's address is a function of the channel; nine in ten name its id. */
function urls(seed: number): (hot: boolean, index: number) => string {
  const known = new Map<number, string>()
  const random = new Random()
  return (hot, index) => {
    const key = hot ? -2 - index : index
    const before = known.get(key)
    if (before !== undefined) return before
    random.restart(seed, key)
    const folders = Array.from({ length: 3 }, () => random.word(5, '_')).join('/')
    const id = !hot && random.mostly(10) ? `&channel_id=${Math.floor(random.unit() * 2 ** 31)}` : ''
    const url = `https://www.nexmark.com/${folders}/item.htm?query=1${id}`
    known.set(key, url)
    return url
  }
}

/** Neighbours share their millisecond, so the last text is kept. */
function stamps(): (ms: number) => string {
  let last = { ms: Number.NaN, text: '' }
  return (ms) => {
    if (ms !== last.ms) last = { ms, text: new Date(ms).toISOString().slice(0, 23) }
    return last.text
  }
}
