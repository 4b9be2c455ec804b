-- Movements of each account from 3 March to 21 April 2026: the same events give the same bytes, whenever it is run.
SELECT account, count(*) AS legs, sum(amount) AS movement, min(booked_on) AS first, max(booked_on) AS last
FROM journal
WHERE booked_on BETWEEN DATE '2026-03-03' AND DATE '2026-04-21'
GROUP BY account
ORDER BY account
