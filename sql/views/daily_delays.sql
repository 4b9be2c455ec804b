-- Flights and delays by origin and day.
CREATE MATERIALIZED VIEW daily_delays AS
SELECT
  origin,
  CAST(date AS DATE) AS day,
  count(*) AS flights,
  count(*) FILTER (WHERE delay > 15) AS late,
  avg(delay) AS avg_delay,
  max(delay) AS worst_delay
FROM flights
GROUP BY ALL
