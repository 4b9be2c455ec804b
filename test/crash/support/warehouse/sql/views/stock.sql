CREATE MATERIALIZED VIEW stock AS
SELECT sku, count(*) AS moves, sum(CASE WHEN _type = 'Put' THEN quantity ELSE -quantity END) AS quantity, max(n) AS last
FROM moves
GROUP BY sku
