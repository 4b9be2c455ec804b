-- How many flights were how late, in steps of 15 minutes.
CREATE MATERIALIZED VIEW delay_distribution AS
SELECT CAST(floor(delay / 15) * 15 AS INTEGER) AS minutes, count(*) AS flights
FROM flights
GROUP BY minutes
ORDER BY minutes
