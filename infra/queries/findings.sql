-- What was odd in what was done, the gravest first.
SELECT severity, rule, subject, requester, entitlement, called_at, reason, request
FROM findings
ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, called_at, request, seq;
