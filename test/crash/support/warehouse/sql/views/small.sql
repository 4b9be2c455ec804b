CREATE MATERIALIZED VIEW small AS
SELECT sku, quantity FROM moves.Taken WHERE quantity < 20
