import { sql, stream, table, view } from 'evert'
import { z } from 'zod'

/** Real departures in the United States, January to July 2001. */
export const flights = stream('flights', {
  key: 'origin',
  partitions: 2,
  event: z.object({
    date: sql.timestamp(),
    delay: z.int32(),
    distance: z.int32(),
    origin: z.string(),
    destination: z.string(),
  }),
})

/** A table: the last row of each airport stands. */
export const airports = table('airports', {
  key: 'iata',
  row: z.object({
    iata: z.string(),
    name: z.string(),
    city: z.string(),
    state: z.string(),
  }),
})

/** The longest run of late departures of each airport: it depends on the order of the events, so it is a fold. */
export const delayStreaks = view('delay_streaks', {
  from: flights,
  state: z.object({ flights: z.int(), late_in_a_row: z.int(), longest: z.int() }),
  initial: { flights: 0, late_in_a_row: 0, longest: 0 },
  on: {
    flights: (state, flight) => {
      const lateInARow = flight.delay > 15 ? state.late_in_a_row + 1 : 0
      return { flights: state.flights + 1, late_in_a_row: lateInARow, longest: Math.max(state.longest, lateInARow) }
    },
  },
})
