-- The ten routes with the most flights: a view on a view.
CREATE MATERIALIZED VIEW busiest_routes AS
SELECT origin, destination, flights, avg_delay
FROM routes
ORDER BY flights DESC
LIMIT 10
