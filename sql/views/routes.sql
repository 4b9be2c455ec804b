-- Traffic of each route.
CREATE MATERIALIZED VIEW routes AS
SELECT origin, destination, count(*) AS flights, sum(distance) AS miles, avg(delay) AS avg_delay
FROM flights
GROUP BY origin, destination
