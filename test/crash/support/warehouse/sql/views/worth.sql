CREATE MATERIALIZED VIEW worth AS
SELECT prices.sku, stock.quantity, prices.price, stock.quantity * prices.price AS worth
FROM prices LEFT JOIN stock ON stock.sku = prices.sku
