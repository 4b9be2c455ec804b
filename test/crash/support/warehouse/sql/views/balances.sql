CREATE MATERIALIZED VIEW balances AS
SELECT leg.account AS account, sum(leg.amount) AS balance, count(*) AS legs
FROM (SELECT unnest(legs) AS leg FROM transfers)
GROUP BY leg.account
