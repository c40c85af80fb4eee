-- Who countersigns how much, for how many people, and how fast, in seconds after being asked.
SELECT approver, count(*) AS given, count(DISTINCT requester) AS requesters,
       min(after_seconds) AS fastest, avg(after_seconds) AS average
FROM approvals
WHERE counts
GROUP BY approver
ORDER BY given DESC, approver;
