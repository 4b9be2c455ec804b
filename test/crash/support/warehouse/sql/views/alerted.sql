CREATE MATERIALIZED VIEW alerted AS
SELECT sku, count(*) AS alerts, max(nth) AS nth FROM alerts GROUP BY sku
