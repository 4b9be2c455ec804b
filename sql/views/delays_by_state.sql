-- Departures by state: a join with the table of airports.
CREATE MATERIALIZED VIEW delays_by_state AS
SELECT airports.state, count(*) AS routes, sum(routes.flights) AS flights, sum(routes.miles) AS miles
FROM routes
JOIN airports ON airports.iata = routes.origin
GROUP BY airports.state
ORDER BY flights DESC
