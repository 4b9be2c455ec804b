CREATE MATERIALIZED VIEW posted AS
SELECT count(*) AS transfers, max(n) AS last FROM transfers
