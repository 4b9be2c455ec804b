import { sql, stream } from 'evert'
import { z } from 'zod'

/** People, auctions and bids of one auction house, in one stream: what a bidder does stays in order with what is sold. */
export const nexmark = stream('nexmark', {
  partitions: 2,
  events: {
    Person: z.object({
      id: z.int(),
      name: z.string(),
      emailAddress: z.string(),
      creditCard: z.string(),
      city: z.string(),
      state: z.string(),
      dateTime: sql.timestamp(),
      extra: z.string(),
    }),
    Auction: z.object({
      id: z.int(),
      itemName: z.string(),
      description: z.string(),
      initialBid: z.int(),
      reserve: z.int(),
      dateTime: sql.timestamp(),
      expires: sql.timestamp(),
      seller: z.int(),
      category: z.int(),
      extra: z.string(),
    }),
    Bid: z.object({
      auction: z.int(),
      bidder: z.int(),
      price: z.int(),
      channel: z.string(),
      url: z.string(),
      dateTime: sql.timestamp(),
      extra: z.string(),
    }),
  },
})
